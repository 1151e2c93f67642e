"""Values of attributes as variables of the solver: numbers, bools and moments.

Each kind says when a test holds of a known value, which values there are, and how to read one from a model. Doubles are
reals within their bounds: what no real satisfies, no double does. Moments are whole milliseconds, as values are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from types import ModuleType
from typing import Any, Protocol

from services.rules.domain.condition import Operator, TermKind, Test
from services.rules.domain.indexed.native_tests import native_test
from services.rules.domain.why.moment_range import FIRST_MS, LAST_MS, milliseconds, moment_at
from shared.values import INT64_MAX, INT64_MIN, AttributeType, Value

Formula = Any
"""An expression of z3, which has no types."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_SPANS_MS = {TermKind.DAYS_SINCE: 86_400_000, TermKind.HOURS_SINCE: 3_600_000}
_MAX_DOUBLE = 2**1024 - 2**970

COMPARISONS: Mapping[Operator, Callable[[Formula, Formula], Formula]] = {
    Operator.EQUAL: lambda left, right: left == right,
    Operator.NOT_EQUAL: lambda left, right: left != right,
    Operator.LESS: lambda left, right: left < right,
    Operator.LESS_OR_EQUAL: lambda left, right: left <= right,
    Operator.GREATER: lambda left, right: left > right,
    Operator.GREATER_OR_EQUAL: lambda left, right: left >= right,
}


class Unwritable(Exception):
    """A value of the model that cannot be written down."""


class ValueFormulas(Protocol):
    """Of one attribute, or of the time of the evaluation."""

    @property
    def constraints(self) -> Sequence[Formula]: ...

    def holds(self, test: Test) -> Formula:
        """Of a known value."""
        ...

    def read(self, model: Any) -> Value:
        """Raises Unwritable."""
        ...


class Numbers:
    def __init__(self, z3: ModuleType, context: Any, name: str, kind: AttributeType, allowed: Sequence[Value]) -> None:
        self._z3, self._context = z3, context
        self._is_int = kind is AttributeType.INT
        self._value = z3.Int(name, context) if self._is_int else z3.Real(name, context)
        low, high = (INT64_MIN, INT64_MAX) if self._is_int else (-_MAX_DOUBLE, _MAX_DOUBLE)
        self.constraints = [self._value >= self._constant(low), self._value <= self._constant(high)]
        if allowed:
            self.constraints.append(z3.Or([self._value == self._constant(each) for each in allowed]))

    def holds(self, test: Test) -> Formula:
        if test.operator is Operator.IN:
            finite = [each.value for each in test.operands if _is_finite(each.value)]
            return self._z3.Or([self._value == self._constant(each) for each in finite], self._context)
        operand = test.operands[0].value
        if not _is_finite(operand):  # of it every finite value says the same
            return self._z3.BoolVal(native_test(test)(0.0), self._context)
        return COMPARISONS[test.operator](self._value, self._constant(operand))

    def read(self, model: Any) -> Value:
        value = model.eval(self._value, model_completion=True)
        return value.as_long() if self._is_int else float(value.as_fraction())

    def _constant(self, value: Any) -> Formula:
        if self._is_int:
            return self._z3.IntVal(value, self._context)
        exact = Fraction(value)
        return self._z3.RealVal(f"{exact.numerator}/{exact.denominator}", self._context)


class Flags:
    def __init__(self, z3: ModuleType, context: Any, name: str, allowed: Sequence[Value]) -> None:
        self._z3, self._context = z3, context
        self._value = z3.Bool(name, context)
        self.constraints = [z3.Or([self._value == bool(each) for each in allowed])] if allowed else []

    def holds(self, test: Test) -> Formula:
        check = native_test(test)
        of_true, of_false = (self._z3.BoolVal(check(each), self._context) for each in (True, False))
        return self._z3.If(self._value, of_true, of_false)

    def read(self, model: Any) -> Value:
        return self._z3.is_true(model.eval(self._value, model_completion=True))  # type: ignore[no-any-return]


class Moments:
    """`now` is None for the time of the evaluation itself."""

    def __init__(self, z3: ModuleType, context: Any, name: str, now: Moments | None, allowed: Sequence[Value]) -> None:
        self._z3, self._context = z3, context
        self.milliseconds = z3.Int(name, context)
        self._now = self.milliseconds if now is None else now.milliseconds
        self.constraints = [self.milliseconds >= FIRST_MS, self.milliseconds <= LAST_MS]
        if allowed:
            self.constraints.append(z3.Or([self._microseconds == _microseconds_of(each) for each in allowed]))

    @property
    def _microseconds(self) -> Formula:
        return 1000 * self.milliseconds

    def holds(self, test: Test) -> Formula:
        kind = test.term.kind
        if kind in _SPANS_MS:
            return self._span(test, _SPANS_MS[kind])
        if kind is TermKind.ELAPSED:
            value, operands = 1000 * (self._now - self.milliseconds), [each.value for each in test.operands]
        else:
            value, operands = self._microseconds, [_microseconds_of(each.value) for each in test.operands]
        if test.operator is Operator.IN:
            return self._z3.Or([value == each for each in operands], self._context)
        return COMPARISONS[test.operator](value, operands[0])

    def read(self, model: Any) -> Value:
        return self.moment(model)

    def moment(self, model: Any) -> datetime:
        return moment_at(model.eval(self.milliseconds, model_completion=True).as_long())

    def is_at(self, moment: datetime) -> Formula:
        return self.milliseconds == milliseconds(moment)

    def _span(self, test: Test, unit: int) -> Formula:
        """Whole units since, rounded down, as bounds of what was not rounded."""
        elapsed, z3 = self._now - self.milliseconds, self._z3

        def within(count: Any) -> Formula:
            return z3.And(elapsed >= count * unit, elapsed < (count + 1) * unit)

        count: Any = test.operands[0].value if test.operands else 0
        match test.operator:
            case Operator.LESS:
                return elapsed < count * unit
            case Operator.LESS_OR_EQUAL:
                return elapsed < (count + 1) * unit
            case Operator.GREATER:
                return elapsed >= (count + 1) * unit
            case Operator.GREATER_OR_EQUAL:
                return elapsed >= count * unit
            case Operator.NOT_EQUAL:
                return z3.Not(within(count))
            case _:
                return z3.Or([within(each.value) for each in test.operands], self._context)


def _is_finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _microseconds_of(moment: Any) -> int:
    return int((moment - _EPOCH) // _US)
