"""What a test compares with, in the words of the policy: `>= 18`, `in ["gold", "silver"]`."""

from __future__ import annotations

import json
from datetime import datetime

from services.rules.domain.condition import Operator, TermKind, Test
from shared.cel.spans import span_text
from shared.cel.syntax import Constant

_FLIPPED = {
    Operator.LESS: Operator.GREATER,
    Operator.LESS_OR_EQUAL: Operator.GREATER_OR_EQUAL,
    Operator.GREATER: Operator.LESS,
    Operator.GREATER_OR_EQUAL: Operator.LESS_OR_EQUAL,
}


def flipped(operator: Operator) -> Operator:
    """The operator that says the same with its sides exchanged."""
    return _FLIPPED.get(operator, operator)


def threshold(test: Test) -> str:
    kind = test.term.kind
    if kind is TermKind.ELAPSED:
        return f"{flipped(test.operator).value} now(){_ago(test.operands[0].value)}"
    text = _comparison(test)
    return text if kind is TermKind.VALUE else f"{kind.value.format(test.term.attribute)} {text}"


def _ago(microseconds: object) -> str:
    return f" - {span_text(microseconds)}" if isinstance(microseconds, int) and microseconds else ""


def constant_text(constant: Constant) -> str:
    """A constant as CEL writes it."""
    return value_text(constant.value)


def value_text(value: object) -> str:
    if isinstance(value, datetime):
        return f'timestamp("{value.isoformat().replace("+00:00", "Z")}")'
    if isinstance(value, tuple):
        return f"[{', '.join(value_text(element) for element in value)}]"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _comparison(test: Test) -> str:
    texts = [constant_text(operand) for operand in test.operands]
    match test.operator:
        case Operator.IN:
            return f"in [{', '.join(texts)}]"
        case Operator.HAS:
            return f"contains {texts[0]}"
        case Operator.STARTS_WITH | Operator.ENDS_WITH | Operator.CONTAINS:
            return f"{test.operator.value}({texts[0]})"
        case _:
            return f"{test.operator.value} {texts[0]}"
