"""LAST: the property of the newest event, if that event lies within the window."""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import typed
from services.profile.domain.aggregates.states import NEVER_MS, Latest
from services.profile.domain.events import Event
from shared.values import NOT_FOUND, Feature, present


def empty() -> Latest:
    return Latest()


def fold(formula: Formula, state: Latest, events: Sequence[Event]) -> Latest:
    for event, value in typed(events, formula.property_name, formula.type):
        if (event.event_ms, event.event_id) > (state.newest_ms, state.event_id):
            state = Latest(event.event_ms, event.event_id, value)
    return state


def read(formula: Formula, state: Latest, read_ms: int) -> Feature | None:
    if read_ms < state.newest_ms:
        return None
    is_outside = bool(formula.window_ms) and state.newest_ms <= read_ms - formula.window_ms
    return NOT_FOUND if is_outside or state.newest_ms == NEVER_MS else present(state.value)
