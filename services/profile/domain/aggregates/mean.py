"""MEAN: the sum of a numeric property over the number of events that have it, ever or within a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.profile.domain.aggregates.exact import add_exactly, rounded
from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import numbers
from services.profile.domain.aggregates.series import events_in, span
from services.profile.domain.aggregates.states import Average, Series
from services.profile.domain.aggregates.windows import span_of
from services.profile.domain.events import Event
from shared.values import NOT_FOUND, Feature, present


def empty() -> Average:
    return Average()


def fold(formula: Formula, state: Average, events: Sequence[Event]) -> Average:
    samples = list(numbers(events, formula.property_name))
    partials = add_exactly(state.partials, (value for _, value in samples))
    return Average(partials, state.count + len(samples), max([state.newest_ms, *(time_ms for time_ms, _ in samples)]))


def combine(_: Formula, left: Average, right: Average) -> Average:
    partials = add_exactly(left.partials, right.partials)
    return Average(partials, left.count + right.count, max(left.newest_ms, right.newest_ms))


def read(_: Formula, state: Average, read_ms: int, __: tzinfo) -> Feature | None:
    if read_ms < state.newest_ms:
        return None
    return present(rounded(state.partials) / state.count) if state.count else NOT_FOUND


def read_window(formula: Formula, state: Series, read_ms: int, zone: tzinfo) -> Feature | None:
    """From the values of single events, as `total` keeps them."""
    cells = span(state, span_of(formula, read_ms, zone))
    if cells is None:
        return None
    count = events_in(state, cells)
    return present(rounded(state.values[cells]) / count) if count else NOT_FOUND
