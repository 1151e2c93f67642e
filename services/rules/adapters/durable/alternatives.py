"""Conditions as alternatives: each a list of tests on values that are there, all of which must hold.

The engine knows no unknown: no operator matches a field that is missing. So negation is moved down to the tests
(`!(a < 3)` is `a >= 3`), where a condition is TRUE in Kleene's sense exactly when one alternative holds. Alternatives
become rules of the engine without `$or`, except between values of one field: of those one holds at most, so that no
rule fires twice (durable-rules fires once per combination of true branches) and its stack of 64 never overflows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.rules.adapters.durable.fields import engine_operator
from services.rules.adapters.durable.vocabulary import Field, Vocabulary, is_answered
from services.rules.domain.condition import AllOf, AnyOf, Condition, Fixed, Membership, Not, Opaque, Operator, Test
from services.rules.domain.kleene import FALSE, TRUE

MAX_ALTERNATIVES = 64
MAX_TESTS = 200
"""Of one alternative, counting each value of a list."""
MAX_LISTS = 10
"""Of one alternative."""

IS_ONE_OF = "in"
_NEGATED = {
    Operator.EQUAL: Operator.NOT_EQUAL,
    Operator.NOT_EQUAL: Operator.EQUAL,
    Operator.LESS: Operator.GREATER_OR_EQUAL,
    Operator.LESS_OR_EQUAL: Operator.GREATER,
    Operator.GREATER: Operator.LESS_OR_EQUAL,
    Operator.GREATER_OR_EQUAL: Operator.LESS,
}


class FieldTest(NamedTuple):
    """A test by the engine. `values` are JSON: one, or several for IS_ONE_OF."""

    field: int
    name: str
    operator: str
    values: tuple[str, ...]


Alternative = tuple[FieldTest, ...]
_ALWAYS: list[Alternative] = [()]
_NEVER: list[Alternative] = []


class TooMuch(Exception):
    """Names the limit."""


def alternatives(condition: Condition, vocabulary: Vocabulary) -> list[Alternative]:
    """None hold for a condition that is never TRUE. Raises TooMuch."""
    found = _Reader(vocabulary).read(condition, wanted=True)
    for each in found:
        _check_size(each)
    return found


class _Reader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def read(self, condition: Condition, *, wanted: bool) -> list[Alternative]:
        """When the condition is TRUE, or, for not `wanted`, FALSE."""
        match condition:
            case Test():
                return self._test(condition, wanted)
            case Fixed(verdict=verdict):
                return _ALWAYS if verdict == (TRUE if wanted else FALSE) else _NEVER
            case Not(operand=operand):
                return self.read(operand, wanted=not wanted)
            case AllOf(operands=parts) | AnyOf(operands=parts):
                read = [self.read(part, wanted=wanted) for part in parts]
                return _product(read) if isinstance(condition, AllOf) is wanted else _union(read)
            case Opaque() | Membership():
                raise TooMuch(f"a {type(condition).__name__.lower()} condition stands in the message as a bool")

    def _test(self, test: Test, wanted: bool) -> list[Alternative]:
        if self._vocabulary.type_of(test) is None:
            raise TooMuch(f"attribute {test.term.attribute!r} is not declared")
        field = self._vocabulary.field(test)
        if is_answered(field):
            return [(_field_test(field, "$eq", "true" if wanted else "false"),)]
        values = tuple(dict.fromkeys(field.operand(operand.value) for operand in test.operands))
        if test.operator is not Operator.IN:
            operator = test.operator if wanted else _NEGATED[test.operator]
            return [(_field_test(field, engine_operator(operator), *values),)]
        if not wanted:
            return [tuple(_field_test(field, "$neq", value) for value in values)]
        return [(_field_test(field, IS_ONE_OF if len(values) > 1 else "$eq", *values),)]


def _field_test(field: Field, operator: str, *values: str) -> FieldTest:
    return FieldTest(field.index, field.name, operator, values)


def _union(parts: Iterable[Sequence[Alternative]]) -> list[Alternative]:
    found = list(dict.fromkeys(alternative for part in parts for alternative in part))
    return _bounded(found)


def _product(parts: Iterable[Sequence[Alternative]]) -> list[Alternative]:
    found = _ALWAYS
    for part in parts:
        found = _bounded(list(dict.fromkeys(tuple(dict.fromkeys(left + right)) for left in found for right in part)))
    return found


def _bounded(found: list[Alternative]) -> list[Alternative]:
    if len(found) > MAX_ALTERNATIVES:
        raise TooMuch(f"its or-s multiply to more than {MAX_ALTERNATIVES} alternatives")
    return found


def _check_size(alternative: Alternative) -> None:
    if sum(len(test.values) for test in alternative) > MAX_TESTS:
        raise TooMuch(f"it has an alternative of more than {MAX_TESTS} tests")
    if sum(test.operator == IS_ONE_OF for test in alternative) > MAX_LISTS:
        raise TooMuch(f"it has an alternative with more than {MAX_LISTS} lists of values")
