"""By how much the two sides of a comparison within an opaque expression differ."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from services.rules.domain.condition import Opaque
from services.rules.domain.native import COMPARISONS
from services.rules.domain.why.judging import Bound, Subject
from shared.cel.library import Program, TooManySteps
from shared.cel.syntax import Call, Comprehension, Node, children, free_names

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def gaps(opaque: Opaque, bound: Bound) -> Iterator[Gap]:
    """Of its comparisons outside of comprehensions, whose variables nobody else can read."""
    for comparison in _comparisons(opaque.node):
        yield Gap(opaque, comparison, bound)


class Gap:
    """By how much the left side of a comparison is above its right side. Spans of time are microseconds."""

    __slots__ = ("_bound", "_comparison", "_opaque", "_sides", "reads")

    def __init__(self, opaque: Opaque, comparison: Call, bound: Bound) -> None:
        self._opaque = opaque
        self._comparison = comparison
        self._bound = bound
        self._sides: tuple[Program, ...] = ()
        self.reads = frozenset(free_names(comparison))

    def of(self, subject: Subject) -> float | None:
        """None where a side has no value, or none that could be subtracted. An int where both sides are."""
        if not self._sides:
            expression, constants = self._opaque.expression, self._opaque.constants
            self._sides = tuple(expression.program(side, constants) for side in self._comparison.arguments)
        try:
            left, right = [_number(side.run_any(self._bound(subject))) for side in self._sides]
        except TooManySteps:
            return None
        gap = None if left is None or right is None else left - right
        return gap if gap is None or isinstance(gap, int) or math.isfinite(gap) else None


def _number(value: object) -> float | None:
    match value:
        case bool():
            return None
        case int() | float():
            return value
        case datetime():
            return (value - _EPOCH) // _MICROSECOND
        case timedelta():
            return value // _MICROSECOND
    return None


def _comparisons(node: Node) -> Iterator[Call]:
    if isinstance(node, Comprehension):
        return
    if isinstance(node, Call) and node.function in COMPARISONS:
        yield node
    for child in children(node):
        yield from _comparisons(child)
