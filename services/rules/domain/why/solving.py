"""Where one attribute, all others as they are, makes the two sides of an opaque comparison meet.

The gap between the sides is followed by secants from the value that was held: of a linear expression they meet at once.
As soon as two values have gaps of different signs, halving what lies between them takes turns with the secants. What is
found are candidates: the search judges them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from services.rules.domain.why.gaps import Gap
from services.rules.domain.why.judging import Subject
from services.rules.domain.why.moment_range import FIRST_MS, LAST_MS, milliseconds, moment_at
from services.rules.domain.why.numbers import step_beyond
from shared.values import INT64_MAX, INT64_MIN, AttributeType, Value

_MAX_GAPS = 4
"""Of comparisons of one attribute."""
_MAX_ASKED = 96
"""Evaluations for one comparison."""
_STEPS = tuple(8**exponent for exponent in range(14))
"""Away from what was held: of moments, from a millisecond to 17 years."""
_NEAR = 1e-9
"""Doubles that are as near as that, relative to their size, are not told apart."""

Number = float
"""An int where the attribute is one; moments are milliseconds."""
Follow = Callable[[Number], float | None]


def meeting(
    name: str, kind: AttributeType, held: Value, gaps: Sequence[Gap], subject: Subject
) -> tuple[list[Value], int]:
    """The values, and how often a comparison was evaluated for them.

    `held` is what to start from. The value of the subject is as it was afterwards.
    """
    found: list[Value] = []
    asked = 0
    if kind in (AttributeType.INT, AttributeType.DOUBLE, AttributeType.TIMESTAMP):
        for gap in gaps[:_MAX_GAPS]:
            answers: dict[Number, float | None] = {}
            numbers = _found(name, kind, held, gap, subject, answers)
            found += [_value(each, kind) for each in numbers if _is_within(each, kind)]
            asked += len(answers)
    return found, asked


def _found(
    name: str,
    kind: AttributeType,
    held: Value,
    gap: Gap,
    subject: Subject,
    answers: dict[Number, float | None],
) -> list[Number]:
    """`answers` gathers what was asked."""
    known = subject.values[name]

    def follow(number: Number) -> float | None:
        if number not in answers:
            if len(answers) >= _MAX_ASKED or not _is_within(number, kind):
                return None
            subject.values[name] = _value(number, kind)
            answers[number] = gap.of(subject)
        return answers[number]

    try:
        return _Course(follow, whole=kind is not AttributeType.DOUBLE).found(_number(held, kind, subject.now))
    finally:
        subject.values[name] = known


class _Point(NamedTuple):
    at: Number
    gap: float


class _Course:
    """`whole`: only whole numbers are asked for."""

    def __init__(self, follow: Follow, *, whole: bool) -> None:
        self._follow = follow
        self._whole = whole

    def found(self, start: Number) -> list[Number]:
        origin = self._origin(start)
        if origin is None:
            return []
        ways = [way for sign in (1, -1) if (way := self._moved(origin, sign)) is not None]
        if origin.gap == 0:
            return [way.at for way in ways]
        # Where the sign changes in neither direction, the farthest points show where it may.
        changing = [way for way in ways if way.gap == 0 or _ends(origin, way)] or ways
        return [each for way in changing for end in self._followed(origin, way) for each in self._around(end)]

    def _origin(self, start: Number) -> _Point | None:
        """Beside what was held where that has no gap: a division by zero, a moment that the library cannot read."""
        for at in (start, start + 1, start - 1):
            gap = self._follow(at)
            if gap is not None:
                return _Point(at, gap)
        return None

    def _moved(self, origin: _Point, sign: int) -> _Point | None:
        """In one direction: the first point at which the gap changes its sign, else the last with another gap."""
        changed = None
        for step in _STEPS:
            gap = self._follow(origin.at + sign * step)
            if gap is None:
                break
            if gap != origin.gap:
                changed = _Point(origin.at + sign * step, gap)
                if origin.gap == 0 or gap == 0 or _ends(origin, changed):
                    break
        return changed

    def _followed(self, older: _Point, newer: _Point) -> list[Number]:
        """Where the gap is 0, or the nearest on both sides of where it changes its sign."""
        ends = _ends(older, newer)
        for turn in range(_MAX_ASKED):
            if newer.gap == 0:
                return [newer.at]
            if ends is not None and self._is_closed(ends[0].at, ends[1].at):
                break
            at = self._between(*ends, halve=turn % 2 == 1) if ends else self._secant(older, newer)
            gap = None if at is None else self._follow(at)
            if at is None or gap is None or at in (older.at, newer.at):
                break
            older, newer = newer, _Point(at, gap)
            ends = _ends(older, newer) if ends is None else _ends(newer, ends[1]) or _ends(ends[0], newer)
        return [newer.at] if ends is None else [ends[0].at, ends[1].at]

    def _between(self, one: _Point, other: _Point, *, halve: bool) -> Number:
        secant = None if halve else self._secant(one, other)
        if secant is not None and min(one.at, other.at) < secant < max(one.at, other.at):
            return secant
        return self._rounded(Fraction(one.at) / 2 + Fraction(other.at) / 2)

    def _secant(self, one: _Point, other: _Point) -> Number | None:
        if one.gap == other.gap:
            return None
        rise = (Fraction(other.gap) - Fraction(one.gap)) / (Fraction(other.at) - Fraction(one.at))
        return self._rounded(Fraction(other.at) - Fraction(other.gap) / rise)

    def _rounded(self, exact: Fraction) -> Number:
        if self._whole:
            return round(exact)
        try:
            return float(exact)
        except OverflowError:
            return math.inf

    def _is_closed(self, one: Number, other: Number) -> bool:
        return abs(one - other) <= (1 if self._whole else _NEAR * max(1.0, abs(one)))

    def _around(self, number: Number) -> Iterator[Number]:
        step = 1 if self._whole else step_beyond(number)
        yield from (number, number + step, number - step)


def _ends(one: _Point, other: _Point) -> tuple[_Point, _Point] | None:
    """Where the gap changes its sign between them."""
    return (one, other) if one.gap < 0 < other.gap or other.gap < 0 < one.gap else None


def _is_within(number: Number, kind: AttributeType) -> bool:
    least, most = _BOUNDS.get(kind, (-math.inf, math.inf))
    return least <= number <= most and math.isfinite(number)


_BOUNDS: dict[AttributeType, tuple[int, int]] = {
    AttributeType.INT: (INT64_MIN, INT64_MAX),
    AttributeType.TIMESTAMP: (FIRST_MS, LAST_MS),
}


def _number(held: Any, kind: AttributeType, now: datetime) -> Number:
    if kind is AttributeType.TIMESTAMP:
        return milliseconds(now if held is None else held)
    return held if held is not None else 0 if kind is AttributeType.INT else 0.0


def _value(number: Number, kind: AttributeType) -> Value:
    return moment_at(int(number)) if kind is AttributeType.TIMESTAMP else number
