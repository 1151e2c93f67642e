"""DAYS_SINCE_LAST and DAYS_SINCE_FIRST: whole days of 24 hours from the newest or the oldest event to the reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import newest_ms
from services.profile.domain.aggregates.states import NEVER_MS, Earliest, Latest
from services.profile.domain.events import Event
from shared.clock import MS_PER_DAY
from shared.values import NOT_FOUND, Feature, present


def never() -> Latest:
    return Latest()


def fold_last(_: Formula, state: Latest, events: Sequence[Event]) -> Latest:
    return Latest(newest_ms(events, state.newest_ms))


def combine_last(_: Formula, left: Latest, right: Latest) -> Latest:
    return Latest(max(left.newest_ms, right.newest_ms))


def read_last(_: Formula, state: Latest, read_ms: int, __: tzinfo) -> Feature | None:
    if read_ms < state.newest_ms:
        return None
    return NOT_FOUND if state.newest_ms == NEVER_MS else _days(state.newest_ms, read_ms)


def not_begun() -> Earliest:
    return Earliest()


def fold_first(formula: Formula, state: Earliest, events: Sequence[Event]) -> Earliest:
    oldest_ms = min((event.event_ms for event in events), default=None)
    return combine_first(formula, state, Earliest(oldest_ms))


def combine_first(_: Formula, left: Earliest, right: Earliest) -> Earliest:
    return Earliest(min((each.oldest_ms for each in (left, right) if each.oldest_ms is not None), default=None))


def read_first(_: Formula, state: Earliest, read_ms: int, __: tzinfo) -> Feature | None:
    """At every moment: what came later than the first one never mattered."""
    return NOT_FOUND if state.oldest_ms is None or read_ms < state.oldest_ms else _days(state.oldest_ms, read_ms)


def _days(event_ms: int, read_ms: int) -> Feature:
    return present((read_ms - event_ms) // MS_PER_DAY)
