"""HOUR_OF_WEEK and BEST_HOUR: at which hours of the person's own clock events happen.

HOUR_OF_WEEK answers 168 counts, Monday from midnight on first; BEST_HOUR the hour of the day, 0 to 23, with the most
events, the earliest of equal ones. Kept by quarters of an hour since 1970, which every time zone can put into hours of
its own, so that a person may move. Without a window the newest MAX_QUARTERS quarters with an event are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from functools import lru_cache
from heapq import nlargest

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.aggregates.samples import newest_ms
from services.profile.domain.aggregates.series import counts_of, span
from services.profile.domain.aggregates.states import Quarters, Series
from services.profile.domain.aggregates.windows import span_of
from services.profile.domain.events import Event
from shared.clock import to_datetime
from shared.values import NOT_FOUND, Feature, present

HOURS_PER_DAY, HOURS_PER_WEEK = 24, 168
MAX_QUARTERS = 4_096

_QUARTER_MS = 900_000
_MAX_REMEMBERED = 65_536


def empty() -> Quarters:
    return Quarters({})


def fold(_: Formula, state: Quarters, events: Sequence[Event]) -> Quarters:
    counts = dict(state.counts)
    for event in events:
        quarter = event.event_ms // _QUARTER_MS
        counts[quarter] = counts.get(quarter, 0) + 1
    return _kept(counts, newest_ms(events, state.newest_ms))


def combine(_: Formula, left: Quarters, right: Quarters) -> Quarters:
    counts = dict(left.counts)
    for quarter, count in right.counts.items():
        counts[quarter] = counts.get(quarter, 0) + count
    return _kept(counts, max(left.newest_ms, right.newest_ms))


def read(formula: Formula, state: Quarters, read_ms: int, zone: tzinfo) -> Feature | None:
    return _answer(formula, state.counts.items(), zone) if read_ms >= state.newest_ms else None


def read_window(formula: Formula, state: Series, read_ms: int, zone: tzinfo) -> Feature | None:
    """From the times of single events, as `count` keeps them."""
    cells = span(state, span_of(formula, read_ms, zone))
    if cells is None:
        return None
    quarters = (time_ms // _QUARTER_MS for time_ms in state.times[cells])
    return _answer(formula, zip(quarters, counts_of(state)[cells], strict=True), zone)


def _kept(counts: Mapping[int, int], newest: int) -> Quarters:
    if len(counts) > MAX_QUARTERS:
        counts = {quarter: counts[quarter] for quarter in nlargest(MAX_QUARTERS, counts)}
    return Quarters(dict(counts), newest)


def _answer(formula: Formula, quarters: Iterable[tuple[int, int]], zone: tzinfo) -> Feature:
    week = [0] * HOURS_PER_WEEK
    for quarter, count in quarters:
        week[_hour_of_week(quarter, zone)] += count
    if formula.measure is Measure.HOUR_OF_WEEK:
        return present(tuple(week))
    day = [sum(week[hour::HOURS_PER_DAY]) for hour in range(HOURS_PER_DAY)]
    return present(day.index(max(day))) if any(day) else NOT_FOUND


@lru_cache(maxsize=_MAX_REMEMBERED)
def _hour_of_week(quarter: int, zone: tzinfo) -> int:
    shown = to_datetime(quarter * _QUARTER_MS).astimezone(zone)
    return shown.weekday() * HOURS_PER_DAY + shown.hour
