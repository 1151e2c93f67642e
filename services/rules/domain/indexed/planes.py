"""Verdicts of many subjects at once, one bit per subject: the plane of those for whom a condition is true, and of those
for whom it is unknown. Kleene's logic is bitwise then, so a conjunction costs the same for a thousand subjects.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.rules.domain.condition import Operator, Test
from services.rules.domain.indexed.native_tests import NativeTest


class Plane(NamedTuple):
    """Whoever is in neither is FALSE; nobody is in both."""

    true: int
    unknown: int


def negation(plane: Plane, everyone: int) -> Plane:
    return Plane(everyone & ~(plane.true | plane.unknown), plane.unknown)


def conjunction(planes: Sequence[Plane], everyone: int) -> Plane:
    true = possible = everyone
    for plane in planes:
        true &= plane.true
        possible &= plane.true | plane.unknown
    return Plane(true, possible & ~true)


def disjunction(planes: Sequence[Plane]) -> Plane:
    true = possible = 0
    for plane in planes:
        true |= plane.true
        possible |= plane.true | plane.unknown
    return Plane(true, possible & ~true)


@dataclass(frozen=True, slots=True)
class TermValues:
    """The values of one term: `values` distinct and ascending, `upto[i]` the subjects with one of the first i of them.

    Of lists, which have no order, `by_element` holds the subjects whose list has the element.
    """

    values: list[Any]
    upto: list[int]
    by_value: Mapping[Any, int]
    by_element: Mapping[Any, int]
    unknown: int

    @classmethod
    def of(cls, by_value: Mapping[Any, int], unknown: int) -> TermValues:
        """`by_value` holds the subjects with each value."""
        if isinstance(next(iter(by_value), None), tuple):
            return cls([], [0], by_value, _by_element(by_value), unknown)
        ordered = sorted(by_value)
        upto = [0]
        for value in ordered:
            upto.append(upto[-1] | by_value[value])
        return cls(ordered, upto, by_value, {}, unknown)

    def plane(self, test: Test, run: NativeTest) -> Plane:
        return Plane(_TRUE.get(test.operator, _one_by_one)(self, test, run), self.unknown)

    @property
    def known(self) -> int:
        return self.upto[-1]

    def below(self, value: Any) -> int:
        return self.upto[bisect_left(self.values, value)]

    def up_to(self, value: Any) -> int:
        return self.upto[bisect_right(self.values, value)]


def grouped(values: Iterable[Any], bits: Sequence[int]) -> dict[Any, int]:
    """The subjects with each value, `bits` being theirs."""
    found: dict[Any, int] = {}
    for value, bit in zip(values, bits, strict=True):
        found[value] = found.get(value, 0) | bit
    return found


def _by_element(by_value: Mapping[Any, int]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for value, subjects in by_value.items():
        for element in value:
            found[element] = found.get(element, 0) | subjects
    return found


def _one_by_one(term: TermValues, _: Test, run: NativeTest) -> int:
    true = 0
    for value, subjects in term.by_value.items():
        if run(value):
            true |= subjects
    return true


def _one_of(term: TermValues, test: Test, _: NativeTest) -> int:
    true = 0
    for operand in test.operands:
        true |= term.by_value.get(operand.value, 0)
    return true


def _compared(compare: Callable[[TermValues, Any], int]) -> Callable[[TermValues, Test, NativeTest], int]:
    return lambda term, test, _: compare(term, test.operands[0].value)


_TRUE: Mapping[Operator, Callable[[TermValues, Test, NativeTest], int]] = {
    Operator.LESS: _compared(TermValues.below),
    Operator.LESS_OR_EQUAL: _compared(TermValues.up_to),
    Operator.GREATER: _compared(lambda term, value: term.known & ~term.up_to(value)),
    Operator.GREATER_OR_EQUAL: _compared(lambda term, value: term.known & ~term.below(value)),
    Operator.EQUAL: _one_of,
    Operator.NOT_EQUAL: _compared(lambda term, value: term.known & ~term.by_value.get(value, 0)),
    Operator.IN: _one_of,
    Operator.HAS: lambda term, test, _: term.by_element.get(test.operands[0].value, 0),
}
