"""SHARE: of how many events the properties satisfy a condition, as a part of all of them, ever or within a window.

An event that leaves the condition unknown, because a property is missing, does not satisfy it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.profile.domain.aggregates import mean
from services.profile.domain.aggregates.conditions import condition_of
from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import newest_ms
from services.profile.domain.aggregates.series import extended
from services.profile.domain.aggregates.states import Portion, Series
from services.profile.domain.events import Event
from shared.values import NOT_FOUND, Feature, present


def empty() -> Portion:
    return Portion()


def fold(formula: Formula, state: Portion, events: Sequence[Event]) -> Portion:
    condition = condition_of(formula.condition, formula.properties)
    satisfying = sum(condition.holds(event.properties) for event in events)
    return Portion(state.satisfying + satisfying, state.count + len(events), newest_ms(events, state.newest_ms))


def combine(_: Formula, left: Portion, right: Portion) -> Portion:
    newest = max(left.newest_ms, right.newest_ms)
    return Portion(left.satisfying + right.satisfying, left.count + right.count, newest)


def read(_: Formula, state: Portion, read_ms: int, __: tzinfo) -> Feature | None:
    if read_ms < state.newest_ms:
        return None
    return present(state.satisfying / state.count) if state.count else NOT_FOUND


def fold_window(formula: Formula, state: Series, events: Sequence[Event]) -> Series:
    condition = condition_of(formula.condition, formula.properties)
    samples = ((event.event_ms, float(condition.holds(event.properties))) for event in events)
    return extended(state, samples, formula.horizon_ms)


read_window = mean.read_window
