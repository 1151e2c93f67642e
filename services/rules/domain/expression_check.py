"""Everything that can be wrong with one expression, beyond what the library's checker finds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from enum import Enum

from services.rules.domain.constants import Source, is_closed, settled
from shared.cel.checks import limit_problems, pattern_problems, presence_problems, span_problems
from shared.cel.library import CelEnvironment, CheckedExpression, Failure
from shared.cel.problems import Problem, problem_at, suggestion
from shared.cel.syntax import (
    Call,
    Constant,
    Name,
    Node,
    children,
    free_names,
    walk,
)
from shared.values import AttributeType


class Purpose(Enum):
    """What an expression is for, which says what type it must have."""

    CONDITION = "a condition"
    NUMBER = "a number"
    VALUE = "a value"
    """Of any type an attribute can have."""


Found = tuple[CheckedExpression | None, tuple[Problem, ...]]
"""The expression where it is well-typed, and its problems."""


def check_expression(text: str, purpose: Purpose, environment: CelEnvironment, segments: Collection[str]) -> Found:
    checked = environment.check(text)
    if isinstance(checked, tuple):
        return None, checked
    problems = [problem for check in _CHECKS for problem in check(checked)]
    problems += _segment_problems(checked, segments)
    problems += _type_problems(checked, purpose)
    if not problems:
        problems += _constant_problems(checked)
    return checked, tuple(problems)


def _type_problems(checked: CheckedExpression, purpose: Purpose) -> Iterator[Problem]:
    found = "another type" if checked.result is None else checked.result.text
    if purpose is Purpose.CONDITION and checked.result is not AttributeType.BOOL:
        yield Problem("NOT_BOOL", f"a condition must be of type bool, not {found}")
    if purpose is Purpose.NUMBER and checked.result not in (AttributeType.INT, AttributeType.DOUBLE):
        yield Problem("NOT_NUMBER", f"a number must be of type int or double, not {found}")
    if purpose is Purpose.VALUE and value_type(checked) is None:
        yield Problem("NOT_VALUE", "a value must be of a type that an attribute can have")


def value_type(checked: CheckedExpression) -> AttributeType | None:
    """Of what the expression gives: its own type or, where it only names an attribute, that one's."""
    root = checked.root
    return checked.environment.variables.get(root.name) if isinstance(root, Name) else checked.result


def _segment_problems(checked: CheckedExpression, segments: Collection[str]) -> Iterator[Problem]:
    for node in walk(checked.root):
        match node:
            case Call(function="in_segment", arguments=(Constant(value=str(segment_id)) as argument,)):
                if segment_id not in segments:
                    message = f"there is no segment '{segment_id}'{suggestion(segment_id, segments)}"
                    yield problem_at(checked.text, argument.place.offset, "SEGMENT_UNKNOWN", message)
            case Call(function="in_segment", place=place):
                message = "in_segment() takes a literal name, so that cycles can be found"
                yield problem_at(checked.text, place.offset, "SEGMENT_UNKNOWN", message)


def _presence_problems(checked: CheckedExpression) -> Iterator[Problem]:
    return presence_problems(checked, "a missing attribute is unknown, and on_unknown says what that means")


_CHECKS: tuple[Callable[[CheckedExpression], Iterator[Problem]], ...] = (
    _presence_problems,
    limit_problems,
    span_problems,
)


def _constant_problems(checked: CheckedExpression) -> Iterator[Problem]:
    source = Source(checked, {})
    for node in _constant_parts(checked.root, source):
        value = settled(node, source)
        if isinstance(value, Failure) and not value.is_other_type:
            message = f"always fails, whoever it is about: {value.sentence}"
            yield problem_at(checked.text, node.place.offset, "ALWAYS_FAILS", message)
    yield from pattern_problems(checked)


def _constant_parts(node: Node, source: Source) -> Iterator[Node]:
    """The largest parts that read nothing at all."""
    if isinstance(node, Call) and not free_names(node) and is_closed(node, source):
        yield node
        return
    for child in children(node):
        yield from _constant_parts(child, source)
