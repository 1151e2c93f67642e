"""Conditions as policies write them, for messages."""

from __future__ import annotations

from collections.abc import Iterable

from services.rules.domain.condition import AllOf, AnyOf, Condition, Fixed, Membership, Not, Opaque, TermKind, Test
from services.rules.domain.threshold import constant_text, threshold

_MAX_CHARACTERS = 120


def words(condition: Condition) -> str:
    text = _words(condition)
    return text if len(text) <= _MAX_CHARACTERS else f"{text[: _MAX_CHARACTERS - 1]}…"


def joined(parts: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _words(condition: Condition) -> str:
    match condition:
        case Test():
            return _test(condition)
        case Fixed(threshold=text, attribute=attribute):
            return f"{attribute} {text}" if attribute else text
        case Opaque(text=text):
            return text
        case Not(operand=operand):
            return f"!({_words(operand)})"
        case AllOf(operands=operands):
            return " && ".join(_inner(each) for each in operands)
        case AnyOf(operands=operands):
            return " || ".join(_inner(each) for each in operands)
        case Membership(segment_id=segment_id):
            return f'in_segment("{segment_id}")'


def _inner(condition: Condition) -> str:
    text = _words(condition)
    return f"({text})" if isinstance(condition, AllOf | AnyOf) else text


def _test(test: Test) -> str:
    attribute, text = test.term.attribute, threshold(test)
    if test.operator.value == "has":
        return f"{constant_text(test.operands[0])} in {attribute}"
    if (
        test.term.kind is TermKind.VALUE
        and text.endswith(")")
        and "(" in text
        and not text.startswith(("=", "!", "<", ">"))
    ):
        return f"{attribute}.{text}"
    return f"{attribute} {text}" if test.term.kind in (TermKind.VALUE, TermKind.ELAPSED) else text
