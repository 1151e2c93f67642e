"""The fields of the messages that the engine sees: values it compares exactly, of one type each.

    letter  what the field holds            as JSON
    ------  -----------------------------   ------------------------------------------------------------
    b       a bool                          true, false
    i       an int; a term that is one      digits
    d       a finite double                 shortest digits that mean it, always with a point
    t       a moment                        microseconds since 1970
    s       a string                        one of the constants it is compared with, or OTHER_TEXT
    x       a test that the parent answers  true, false

What the engine compares wrongly never reaches it. A string is its constant's text (quoted like in a URL, so nothing is
left to escape) or OTHER_TEXT, whatever its length; order of strings, parts of strings, members of lists, non-finite
constants and long lists are answered here and are fields of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from services.rules.domain.condition import Operator, TermKind, Test
from services.rules.domain.indexed.native_tests import native_test
from shared.values import INT64_MAX, INT64_MIN, AttributeType

OTHER_TEXT = '"%"'
"""No constant reads so: a quoted one has two digits behind every percent sign."""
MAX_TEXT = 1_000
"""Of a constant, in characters as it is quoted; the parent compares with a longer one."""
MAX_OPERANDS = 100
"""Of an `in` that the engine decides; the parent decides a longer one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COMPARISONS = {
    Operator.EQUAL: "$eq",
    Operator.NOT_EQUAL: "$neq",
    Operator.LESS: "$lt",
    Operator.LESS_OR_EQUAL: "$lte",
    Operator.GREATER: "$gt",
    Operator.GREATER_OR_EQUAL: "$gte",
}
_EQUALITIES = {Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN}

Encode = Callable[[Any], str]
"""JSON of a value of the right type. Raises ValueError for one that the engine would not read as it is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to hand values to the engine."""

    letter: str
    python_type: type
    operators: frozenset[Operator]
    encode: Encode


def _whole(value: int) -> str:
    if not INT64_MIN <= value <= INT64_MAX:
        raise ValueError("not within 64 bits")
    return str(value)


def _double(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    text = repr(value)
    # The engine's parser knows an exponent only behind a point.
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a naive datetime")
    return str((value - _EPOCH) // _MICROSECOND)


def _text(value: str) -> str:
    return f'"{quote(value, safe=" ", errors="surrogatepass")}"'


_ORDERED = frozenset({*_COMPARISONS, Operator.IN})
BOOL = Kind("b", bool, _ORDERED, lambda value: "true" if value else "false")
INT = Kind("i", int, _ORDERED, _whole)
DOUBLE = Kind("d", float, _ORDERED, _double)
MOMENT = Kind("t", datetime, _ORDERED, _moment)
TEXT = Kind("s", str, frozenset(_EQUALITIES), _text)
ANSWERED = Kind("x", bool, frozenset({Operator.EQUAL}), BOOL.encode)

_KINDS = {
    AttributeType.BOOL: BOOL,
    AttributeType.INT: INT,
    AttributeType.DOUBLE: DOUBLE,
    AttributeType.STRING: TEXT,
    AttributeType.TIMESTAMP: MOMENT,
}


def kind_of(test: Test, attribute_type: AttributeType | None) -> Kind | None:
    """How the engine can hold the test's term, None where the parent must answer the test."""
    kind = _term_kind(test, attribute_type)
    if kind is None or test.operator not in kind.operators or len(test.operands) > MAX_OPERANDS or not test.operands:
        return None
    return kind if all(_is_held(kind, operand.value) for operand in test.operands) else None


def engine_operator(operator: Operator) -> str:
    return _COMPARISONS[operator]


def answer_of(test: Test) -> Callable[[Any], bool]:
    """What the parent answers for a known value."""
    return native_test(test)


def _term_kind(test: Test, attribute_type: AttributeType | None) -> Kind | None:
    match test.term.kind:
        case TermKind.VALUE:
            return None if attribute_type is None else _KINDS.get(attribute_type)
        case TermKind.NOW:
            return MOMENT
        case _:
            return INT


def _is_held(kind: Kind, operand: object) -> bool:
    if type(operand) is not kind.python_type:
        return False
    try:
        return len(kind.encode(operand)) <= MAX_TEXT
    except ValueError:
        return False
