"""Comparisons with what an attribute can never be: outside the values it is allowed, or outside what its type holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.rules.domain.condition import Operator, TermKind, Test
from services.rules.domain.constants import Source
from services.rules.domain.indexed.native_tests import native_test
from services.rules.domain.lint.formulas import Declarations
from services.rules.domain.lint.words import words
from services.rules.domain.native import native_test as native_condition
from services.rules.domain.threshold import value_text
from shared.cel.syntax import Call, Comprehension, Constant, ListLiteral, Name, Node, children
from shared.values import INT64_MAX, INT64_MIN, MAX_VALUE_BYTES, AttributeType, Value

_LISTED = (Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN, Operator.HAS)
_AFFIXES = (Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS)
_MAX_SHOWN = 8


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """`offset` into the expression."""

    offset: int
    message: str


def out_of_range(source: Source, declarations: Declarations) -> Iterator[OutOfRange]:
    """In the order in which it is written."""
    for node, test in _tests(source.expression.root, source):
        yield from _of_test(node, test, declarations.get(test.term.attribute))


def _tests(node: Node, source: Source) -> Iterator[tuple[Node, Test]]:
    if isinstance(node, Comprehension):  # its variables may have names of attributes
        return
    test = native_condition(node, source)
    if test is not None:
        yield node, test
        return
    for child in children(node):
        yield from _tests(child, source)


def _of_test(node: Node, test: Test, attribute: Any) -> Iterator[OutOfRange]:
    allowed: Sequence[Value] = () if attribute is None or test.term.kind is not TermKind.VALUE else attribute.allowed
    if allowed and test.operator in _LISTED:
        for place, operand in enumerate(test.operands):
            if operand.value not in allowed:
                yield OutOfRange(_offset(node, place), _not_allowed(test, operand, allowed))
        return
    verdict = _same_of_all(test, allowed, attribute.type if attribute is not None else AttributeType.TIMESTAMP)
    if verdict is not None:
        values = (
            f" for the values it is allowed to have: {_listed(allowed)}" if allowed else f": {_RANGES[_range(test)]}"
        )
        always = "always true" if verdict else "never true"
        yield OutOfRange(_offset(node, 0), f"{words(test)} is {always}{values}")


def _not_allowed(test: Test, operand: Constant, allowed: Sequence[Value]) -> str:
    return (
        f"{value_text(operand.value)} is none of the values that {test.term.attribute} is allowed to have: "
        f"{_listed(allowed)}"
    )


def _listed(values: Sequence[Value]) -> str:
    shown = ", ".join(value_text(value) for value in values[:_MAX_SHOWN])
    return f"{shown} and {len(values) - _MAX_SHOWN} more" if len(values) > _MAX_SHOWN else shown


def _same_of_all(test: Test, allowed: Sequence[Value], kind: AttributeType) -> bool | None:
    """What it says of every value there is; None where it says both. An empty list of operands is no threshold."""
    if not test.operands:
        return None
    values = list(allowed) or list(_corners(test, kind))
    check = native_test(test)
    answers = {check(value) for value in values}
    return answers.pop() if len(answers) == 1 else None


def _corners(test: Test, kind: AttributeType) -> Iterator[Any]:
    """Values that between them give every answer the test has; none where that is not worth asking."""
    operands: list[Any] = [each.value for each in test.operands]
    match _range(test):
        case "size" | "int" as what:
            low, high = (0, MAX_VALUE_BYTES) if what == "size" else (INT64_MIN, INT64_MAX)
            near = {low, high, *(each + more for each in operands for more in (-1, 0, 1))}
            yield from (each for each in near if low <= each <= high)
        case "string" if kind is AttributeType.STRING:
            if test.operator in _AFFIXES and operands == [""]:
                yield "x"
            elif test.operator in (Operator.LESS, Operator.GREATER_OR_EQUAL) and operands == [""]:
                yield from ("", "x")
        case "double":
            yield from (-sys.float_info.max, *operands, sys.float_info.max)


def _range(test: Test) -> str:
    """What kind of value is compared; "" where every comparison can be either."""
    match test.term.kind:
        case TermKind.SIZE:
            return "size"
        case TermKind.VALUE if test.operator is not Operator.HAS and test.operands:
            kind = type(test.operands[0].value)
            return {int: "int", float: "double", str: "string"}.get(kind, "")
    return ""


_RANGES: Mapping[str, str] = {
    "size": f"a size is 0 or more, and at most {MAX_VALUE_BYTES}",
    "int": "an int has 64 bits",
    "double": "a double is finite",
    "string": "every string begins and ends with the empty one, and none is less",
}


def _offset(node: Node, place: int) -> int:
    """Where the operand is written, as far as that can be told; else where the comparison is."""
    written: list[Node] = []
    for child in children(node):
        if isinstance(child, ListLiteral):
            written += child.elements
        elif isinstance(child, Constant):
            written.append(child)
    if place < len(written):
        return written[place].place.offset
    names = [child for child in children(node) if isinstance(child, Name)]
    if isinstance(node, Call) and names:
        return names[-1].place.offset
    return node.place.offset
