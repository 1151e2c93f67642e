"""FIRST: the property of the oldest event, ever or within a window; of two at one moment, by the smaller event id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import typed
from services.profile.domain.aggregates.sightings import extended, joined, span
from services.profile.domain.aggregates.states import Earliest, Sightings
from services.profile.domain.aggregates.windows import span_of
from services.profile.domain.events import Event
from shared.values import NOT_FOUND, Feature, Value, present


def empty() -> Earliest:
    return Earliest()


def fold(formula: Formula, state: Earliest, events: Sequence[Event]) -> Earliest:
    for event, value in typed(events, formula.property_name, formula.type):
        state = combine(formula, state, Earliest(event.event_ms, event.event_id, value))
    return state


def combine(_: Formula, left: Earliest, right: Earliest) -> Earliest:
    if left.oldest_ms is None or right.oldest_ms is None:
        return left if right.oldest_ms is None else right
    return min(left, right, key=lambda each: (each.oldest_ms, each.event_id))


def read(_: Formula, state: Earliest, read_ms: int, __: tzinfo) -> Feature | None:
    """At every moment: what came later than the first one never mattered."""
    return NOT_FOUND if state.oldest_ms is None or read_ms < state.oldest_ms else present(state.value)


def fold_window(formula: Formula, state: Sightings, events: Sequence[Event]) -> Sightings:
    found = typed(events, formula.property_name, formula.type)
    samples = ((event.event_ms, event.event_id, value) for event, value in found)
    return extended(state, samples, formula.horizon_ms, _pick)


def combine_window(formula: Formula, left: Sightings, right: Sightings) -> Sightings:
    return joined(left, right, formula.horizon_ms, _pick)


def read_window(formula: Formula, state: Sightings, read_ms: int, zone: tzinfo) -> Feature | None:
    cells = span(state, span_of(formula, read_ms, zone))
    if cells is None:
        return None
    return NOT_FOUND if cells.start >= cells.stop else present(state.values[cells.start])


def _pick(_: Sequence[Value]) -> tuple[int]:
    return (0,)
