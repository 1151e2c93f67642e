"""Tests of one value against constants, as the fastest callables Python has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.rules.domain.condition import Operator, TermKind, Test
from shared.cel.elapsed import days_between, hours_between, microseconds_between

NativeTest = Callable[[Any], bool]
Derivation = Callable[[Any, datetime], Any]


def native_test(test: Test) -> NativeTest:
    """Answers for a known value of the test's term. Strings compare by code point, as CEL's do."""
    operands = [operand.value for operand in test.operands]
    return _BUILDERS[test.operator](operands)


def derivation(kind: TermKind) -> Derivation | None:
    """How a term is computed from the attribute's value and the time of the evaluation; None: it is the value."""
    return _DERIVATIONS.get(kind)


# A bound method of the constant: `18 .__le__(age)` is `age >= 18` without a Python frame.
_BUILDERS: Mapping[Operator, Callable[[list[Any]], NativeTest]] = {
    Operator.EQUAL: lambda operands: operands[0].__eq__,
    Operator.NOT_EQUAL: lambda operands: operands[0].__ne__,
    Operator.LESS: lambda operands: operands[0].__gt__,
    Operator.LESS_OR_EQUAL: lambda operands: operands[0].__ge__,
    Operator.GREATER: lambda operands: operands[0].__lt__,
    Operator.GREATER_OR_EQUAL: lambda operands: operands[0].__le__,
    Operator.IN: lambda operands: frozenset(operands).__contains__,
    Operator.HAS: lambda operands: lambda value: operands[0] in value,
    Operator.STARTS_WITH: lambda operands: lambda value: value.startswith(operands[0]),
    Operator.ENDS_WITH: lambda operands: lambda value: value.endswith(operands[0]),
    Operator.CONTAINS: lambda operands: lambda value: operands[0] in value,
}

_DERIVATIONS: Mapping[TermKind, Derivation] = {
    TermKind.SIZE: lambda value, _: len(value),
    TermKind.DAYS_SINCE: days_between,
    TermKind.HOURS_SINCE: hours_between,
    TermKind.ELAPSED: microseconds_between,
}
