"""MIN and MAX: the smallest and the greatest value of a numeric property, ever or within a window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import Any

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.aggregates.samples import numbers
from services.profile.domain.aggregates.sightings import extended, joined, span
from services.profile.domain.aggregates.states import Extreme, Sightings
from services.profile.domain.aggregates.windows import span_of
from services.profile.domain.events import Event
from shared.values import NOT_FOUND, Feature, Value, present


def empty() -> Extreme:
    return Extreme()


def fold(formula: Formula, state: Extreme, events: Sequence[Event]) -> Extreme:
    samples = list(numbers(events, formula.property_name))
    newest_ms = max([state.newest_ms, *(time_ms for time_ms, _ in samples)])
    return Extreme(_best(formula, [state.value, *(value for _, value in samples)]), newest_ms)


def combine(formula: Formula, left: Extreme, right: Extreme) -> Extreme:
    return Extreme(_best(formula, [left.value, right.value]), max(left.newest_ms, right.newest_ms))


def read(_: Formula, state: Extreme, read_ms: int, __: tzinfo) -> Feature | None:
    return _feature(state.value) if read_ms >= state.newest_ms else None


def fold_window(formula: Formula, state: Sightings, events: Sequence[Event]) -> Sightings:
    samples = ((time_ms, "", value) for time_ms, value in numbers(events, formula.property_name))
    return extended(state, samples, formula.horizon_ms, _PICKS[formula.measure])


def combine_window(formula: Formula, left: Sightings, right: Sightings) -> Sightings:
    return joined(left, right, formula.horizon_ms, _PICKS[formula.measure])


def read_window(formula: Formula, state: Sightings, read_ms: int, zone: tzinfo) -> Feature | None:
    cells = span(state, span_of(formula, read_ms, zone))
    return None if cells is None else _feature(_best(formula, state.values[cells]))


def _best(formula: Formula, values: Iterable[Any]) -> float | None:
    best: float | None = _CHOICES[formula.measure]((value for value in values if value is not None), default=None)
    return best


def _feature(value: float | None) -> Feature:
    return NOT_FOUND if value is None else present(value)


_CHOICES: dict[Measure, Callable[..., Any]] = {Measure.MIN: min, Measure.MAX: max}


def _pick(choice: Callable[..., Any]) -> Callable[[Sequence[Value]], Iterable[int]]:
    return lambda values: (choice(range(len(values)), key=values.__getitem__),)


_PICKS = {measure: _pick(choice) for measure, choice in _CHOICES.items()}
