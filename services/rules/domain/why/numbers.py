"""The numbers and moments that the tests of an attribute can tell apart.

Thresholds part a line into points and the open intervals between them; within a part every test says the same. Of each
part the number nearest to the one that was held is proposed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.rules.domain.condition import TermKind, Test
from services.rules.domain.why.moment_range import FIRST_MS, LAST_MS
from shared.values import INT64_MAX, INT64_MIN

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = 1_000
_SPANS = {
    TermKind.DAYS_SINCE: 86_400_000_000,
    TermKind.HOURS_SINCE: 3_600_000_000,
    TermKind.ELAPSED: 1,
}
_FIRST, _LAST = FIRST_MS * _MILLISECOND, LAST_MS * _MILLISECOND
_STEP_DIGITS = 4
"""A double that must be above a bound is proposed this many digits below the bound's first one: above 250.0, 250.01."""
_STEP_FROM_ZERO = 0.01


def integers(tests: Iterable[Test], held: int | None) -> Iterator[int]:
    thresholds: list[int] = [each.value for test in tests for each in test.operands]  # type: ignore[misc]
    yield from whole_numbers(thresholds, held, INT64_MIN, INT64_MAX)


def whole_numbers(thresholds: Iterable[int], held: int | None, least: int, most: int) -> Iterator[int]:
    """One of every part of least..most, the thresholds first."""
    bounds = sorted({each for each in thresholds if least <= each <= most})
    yield from bounds or [min(max(0, least), most)]
    for low, high in _gaps(bounds, least - 1, most + 1) if bounds else ():
        if high - low > 1:
            yield _nearest(low + 1, high - 1, held, open_below=low < least)


def _nearest(first: int, last: int, held: int | None, *, open_below: bool) -> int:
    if held is None:
        return last if open_below else first
    return min(max(held, first), last)


def doubles(tests: Iterable[Test], held: float | None) -> Iterator[float]:
    thresholds: list[float] = [each.value for test in tests for each in test.operands]  # type: ignore[misc]
    bounds = sorted(set(thresholds))
    yield from bounds or [0.0]
    for low, high in _gaps(bounds, -math.inf, math.inf) if bounds else ():
        inside = _double_between(low, high, held)
        if inside is not None:
            yield inside


def _double_between(low: float, high: float, held: float | None) -> float | None:
    if held is not None and low < held < high:
        return held
    from_below = low > -math.inf and (held is None or held <= low)
    bound, towards = (low, high) if from_below else (high, low)
    step = math.copysign(step_beyond(bound), towards - bound if math.isfinite(towards) else towards)
    near = (float(f"{bound + step:.6g}"), bound + step, math.nextafter(bound, towards))
    return next((each for each in near if low < each < high and math.isfinite(each)), None)


def step_beyond(bound: float) -> float:
    """How far a double that must be beyond a bound is proposed from it."""
    if bound == 0 or abs(bound) < _STEP_FROM_ZERO**4:
        return _STEP_FROM_ZERO
    return float(10.0 ** (math.floor(math.log10(abs(bound))) - _STEP_DIGITS))


def moments(tests: Iterable[Test], held: datetime | None, now: datetime) -> Iterator[datetime]:
    """Whole milliseconds: what an attribute can hold."""
    thresholds = sorted({each for test in tests for each in _moments_of(test, now) if _FIRST <= each <= _LAST})
    kept = None if held is None else _microseconds(held)
    for each in thresholds or [_microseconds(now)]:
        if each % _MILLISECOND == 0:
            yield _datetime(each)
    for low, high in _gaps(thresholds, _FIRST - 1, _LAST + 1) if thresholds else ():
        if kept is not None and low < kept < high and held is not None:
            yield held
            continue
        first, last = -(-(low + 1) // _MILLISECOND), (high - 1) // _MILLISECOND
        if first <= last:
            milliseconds = None if kept is None else kept // _MILLISECOND
            yield _datetime(_nearest(first, last, milliseconds, open_below=low < _FIRST) * _MILLISECOND)


def _moments_of(test: Test, now: datetime) -> Iterator[int]:
    """Where the test changes its mind: `days_since(t) == 3` holds until three days ago, but not yet four days ago."""
    for operand in test.operands:
        value: Any = operand.value
        if test.term.kind is TermKind.VALUE:
            yield _microseconds(value)
        else:
            span = _SPANS[test.term.kind]
            yield _microseconds(now) - value * span
            yield _microseconds(now) - (value + 1) * span


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _datetime(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _gaps(bounds: Sequence[Any], least: Any, most: Any) -> Iterator[tuple[Any, Any]]:
    return zip([least, *bounds], [*bounds, most], strict=True)
