"""One rule per measure and kind of window: an empty state, how events enter it, what it answers at a moment, and how
two states of different events become one.

A new measure is a module with these four functions and a row in the tables below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from services.profile.domain.aggregates import (
    count,
    decayed_rate,
    distinct,
    extreme,
    first,
    hours,
    last,
    mean,
    owned,
    recency,
    series,
    share,
    top_k,
    total,
)
from services.profile.domain.aggregates.conditions import condition_of
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.aggregates.sightings import nothing_seen
from services.profile.domain.aggregates.states import Series, State
from services.profile.domain.events import Event
from shared.values import Feature

Fold = Callable[[Formula, Any, Sequence[Event]], State]


@dataclass(frozen=True, slots=True)
class Rule:
    """`fold` answers a new state; the order of the events, and how they are grouped into calls, never matters.

    `read` answers None where the state has forgotten what the moment needs: build another one from the event log. The
    zone is the person's; calendar windows and hours go by it.

    `combine` answers the state of the events of both, of which none is in both.
    """

    empty: Callable[[], Any]
    fold: Fold
    read: Callable[[Formula, Any, int, tzinfo], Feature | None]
    combine: Callable[[Formula, Any, Any], State]


def admitted(formula: Formula, events: Sequence[Event]) -> Sequence[Event]:
    """The events that exist for the aggregate: done by people, and through its filter. What is given back needs not
    pass that.
    """
    by_people = [event for event in events if not event.is_machine]
    if not formula.filter:
        return by_people
    passes = condition_of(formula.filter, formula.properties).holds
    return [event for event in by_people if event.type != formula.event or passes(event.properties)]


def _rule(empty: Callable[[], Any], fold: Fold, read: Any, combine: Any) -> Rule:
    def fold_admitted(formula: Formula, state: Any, events: Sequence[Event]) -> State:
        return fold(formula, state, admitted(formula, events))

    return Rule(empty, fold_admitted, read, combine)


def _no_series() -> Series:
    return Series([], [], [])


def _joined(formula: Formula, left: Series, right: Series) -> Series:
    return series.joined(left, right, formula.horizon_ms)


_HOURS = _rule(hours.empty, hours.fold, hours.read, hours.combine)
_EXTREME = _rule(extreme.empty, extreme.fold, extreme.read, extreme.combine)
_ALL_TIME: Mapping[Measure, Rule] = {
    Measure.COUNT: _rule(count.empty, count.fold, count.read, count.combine),
    Measure.SUM: _rule(total.empty, total.fold, total.read, total.combine),
    Measure.MEAN: _rule(mean.empty, mean.fold, mean.read, mean.combine),
    Measure.SHARE: _rule(share.empty, share.fold, share.read, share.combine),
    Measure.MIN: _EXTREME,
    Measure.MAX: _EXTREME,
    Measure.FIRST: _rule(first.empty, first.fold, first.read, first.combine),
    Measure.LAST: _rule(last.empty, last.fold, last.read, last.combine),
    Measure.DISTINCT: _rule(distinct.empty, distinct.fold, distinct.read, distinct.combine),
    Measure.TOP_K: _rule(top_k.empty, top_k.fold, top_k.read, top_k.combine),
    Measure.DECAYED_RATE: _rule(decayed_rate.empty, decayed_rate.fold, decayed_rate.read, decayed_rate.combine),
    Measure.HOUR_OF_WEEK: _HOURS,
    Measure.BEST_HOUR: _HOURS,
    Measure.OWNED: _rule(owned.empty, owned.fold, owned.read, owned.combine),
    Measure.DAYS_SINCE_LAST: _rule(recency.never, recency.fold_last, recency.read_last, recency.combine_last),
    Measure.DAYS_SINCE_FIRST: _rule(recency.not_begun, recency.fold_first, recency.read_first, recency.combine_first),
}

_EXTREME_WINDOW = _rule(nothing_seen, extreme.fold_window, extreme.read_window, extreme.combine_window)
_HOURS_WINDOW = _rule(_no_series, count.fold_window, hours.read_window, _joined)
_WINDOWED: Mapping[Measure, Rule] = {
    Measure.COUNT: _rule(_no_series, count.fold_window, count.read_window, _joined),
    Measure.SUM: _rule(_no_series, total.fold_window, total.read_window, _joined),
    Measure.MEAN: _rule(_no_series, total.fold_window, mean.read_window, _joined),
    Measure.SHARE: _rule(_no_series, share.fold_window, share.read_window, _joined),
    Measure.MIN: _EXTREME_WINDOW,
    Measure.MAX: _EXTREME_WINDOW,
    Measure.FIRST: _rule(nothing_seen, first.fold_window, first.read_window, first.combine_window),
    Measure.LAST: _ALL_TIME[Measure.LAST],
    Measure.DISTINCT: _ALL_TIME[Measure.DISTINCT],
    Measure.TOP_K: _rule(nothing_seen, top_k.fold_window, top_k.read_window, top_k.combine_window),
    Measure.DECAYED_RATE: _rule(_no_series, count.fold_window, decayed_rate.read_window, _joined),
    Measure.HOUR_OF_WEEK: _HOURS_WINDOW,
    Measure.BEST_HOUR: _HOURS_WINDOW,
}
_PREVIOUS: Mapping[Measure, Rule] = {
    **_WINDOWED,
    Measure.LAST: _rule(nothing_seen, last.fold_previous, last.read_previous, last.combine_previous),
    Measure.DISTINCT: _rule(nothing_seen, distinct.fold_previous, distinct.read_previous, distinct.combine_previous),
}


def rule_of(formula: Formula) -> Rule:
    if not formula.is_windowed:
        return _ALL_TIME[formula.measure]
    return (_PREVIOUS if formula.is_previous else _WINDOWED)[formula.measure]
