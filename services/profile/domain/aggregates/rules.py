"""One rule per measure: an empty state, how events enter it, what it answers at a moment.

A new measure is a module with these three functions and a row in the tables below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.profile.domain.aggregates import count, decayed_rate, distinct, last, total
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.aggregates.states import State
from services.profile.domain.events import Event
from shared.values import Feature


@dataclass(frozen=True, slots=True)
class Rule:
    """`fold` answers a new state; the order of the events, and how they are grouped into calls, never matters.

    `read` answers None where the state has forgotten what the moment needs: build another one from the event log.
    """

    empty: Callable[[], Any]
    fold: Callable[[Formula, Any, Sequence[Event]], State]
    read: Callable[[Formula, Any, int], Feature | None]


_ALL_TIME: Mapping[Measure, Rule] = {
    Measure.COUNT: Rule(count.empty, count.fold, count.read),
    Measure.SUM: Rule(total.empty, total.fold, total.read),
    Measure.LAST: Rule(last.empty, last.fold, last.read),
    Measure.DISTINCT: Rule(distinct.empty, distinct.fold, distinct.read),
    Measure.DECAYED_RATE: Rule(decayed_rate.empty, decayed_rate.fold, decayed_rate.read),
}
_WINDOWED: Mapping[Measure, Rule] = {
    Measure.COUNT: Rule(count.empty_window, count.fold_window, count.read_window),
    Measure.SUM: Rule(total.empty_window, total.fold_window, total.read_window),
    Measure.LAST: _ALL_TIME[Measure.LAST],
    Measure.DISTINCT: _ALL_TIME[Measure.DISTINCT],
    Measure.DECAYED_RATE: Rule(count.empty_window, count.fold_window, decayed_rate.read_window),
}


def rule_of(formula: Formula) -> Rule:
    return (_WINDOWED if formula.window_ms else _ALL_TIME)[formula.measure]
