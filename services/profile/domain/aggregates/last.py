"""LAST: the property of the newest event, if that event lies within the window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import typed
from services.profile.domain.aggregates.sightings import extended, joined, span
from services.profile.domain.aggregates.states import Latest, Sightings
from services.profile.domain.aggregates.windows import span_of
from services.profile.domain.events import Event
from shared.values import NOT_FOUND, Feature, Value, present


def empty() -> Latest:
    return Latest()


def fold(formula: Formula, state: Latest, events: Sequence[Event]) -> Latest:
    for event, value in typed(events, formula.property_name, formula.type):
        if (event.event_ms, event.event_id) > (state.newest_ms, state.event_id):
            state = Latest(event.event_ms, event.event_id, value)
    return state


def combine(_: Formula, left: Latest, right: Latest) -> Latest:
    return max(left, right, key=lambda each: (each.newest_ms, each.event_id))


def read(formula: Formula, state: Latest, read_ms: int, zone: tzinfo) -> Feature | None:
    if read_ms < state.newest_ms:
        return None
    is_outside = state.newest_ms <= span_of(formula, read_ms, zone)[0]
    return NOT_FOUND if is_outside else present(state.value)


def fold_previous(formula: Formula, state: Sightings, events: Sequence[Event]) -> Sightings:
    """For a window that is over: what comes after it must not hide what was in it."""
    found = typed(events, formula.property_name, formula.type)
    samples = ((event.event_ms, event.event_id, value) for event, value in found)
    return extended(state, samples, formula.horizon_ms, _pick)


def combine_previous(formula: Formula, left: Sightings, right: Sightings) -> Sightings:
    return joined(left, right, formula.horizon_ms, _pick)


def read_previous(formula: Formula, state: Sightings, read_ms: int, zone: tzinfo) -> Feature | None:
    cells = span(state, span_of(formula, read_ms, zone))
    if cells is None:
        return None
    return NOT_FOUND if cells.start >= cells.stop else present(state.values[cells.stop - 1])


def _pick(values: Sequence[Value]) -> tuple[int]:
    return (len(values) - 1,)
