"""SUM: the sum of a numeric property, ever or within a window, rounded once from the exact sum."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.profile.domain.aggregates.exact import add_exactly, rounded
from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import numbers
from services.profile.domain.aggregates.series import extended, span
from services.profile.domain.aggregates.states import Series, Total
from services.profile.domain.aggregates.windows import span_of
from services.profile.domain.events import Event
from shared.values import Feature, present


def empty() -> Total:
    return Total()


def fold(formula: Formula, state: Total, events: Sequence[Event]) -> Total:
    samples = list(numbers(events, formula.property_name))
    newest_ms = max((time_ms for time_ms, _ in samples), default=state.newest_ms)
    return Total(add_exactly(state.partials, (value for _, value in samples)), max(state.newest_ms, newest_ms))


def combine(_: Formula, left: Total, right: Total) -> Total:
    return Total(add_exactly(left.partials, right.partials), max(left.newest_ms, right.newest_ms))


def read(_: Formula, state: Total, read_ms: int, __: tzinfo) -> Feature | None:
    return present(rounded(state.partials)) if read_ms >= state.newest_ms else None


def fold_window(formula: Formula, state: Series, events: Sequence[Event]) -> Series:
    return extended(state, numbers(events, formula.property_name), formula.horizon_ms)


def read_window(formula: Formula, state: Series, read_ms: int, zone: tzinfo) -> Feature | None:
    cells = span(state, span_of(formula, read_ms, zone))
    return None if cells is None else present(rounded(state.values[cells]))
