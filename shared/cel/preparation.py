"""Makes an expression one that the library can evaluate: our functions and the constants of an action put in.

    now()                 a variable with the time of the evaluation
    days_since(t)         a pure function of t and that variable; so are hours_since, within and is_anniversary
    within(t, "30d")      "30d" as the duration it is
    owns(things, "sku")   "sku" in things
    in_segment("gold")    a variable that says whether the subject is in the segment
    action.price          its value, as a literal

No condition can name these variables and functions by itself: @ is not CEL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.cel.spans import span_microseconds
from shared.cel.syntax import Call, Constant, ConstantKind, ListLiteral, Name, Node, rewrite
from shared.values import Scalar, Value

NOW = "@now"
DAYS_BETWEEN, HOURS_BETWEEN = "@days_between", "@hours_between"
WITHIN, ANNIVERSARY = "@within", "@is_anniversary"

OVERLOADS: Mapping[str, str] = {
    DAYS_BETWEEN: DAYS_BETWEEN,
    HOURS_BETWEEN: HOURS_BETWEEN,
    WITHIN: WITHIN,
    ANNIVERSARY: ANNIVERSARY,
    "@in": "in_list",
    "duration": "string_to_duration",
    "timestamp": "string_to_timestamp",
    "_==_": "equals",
    "matches": "matches_string",
}
"""The overload of each function that may be put in: the library looks functions up by it."""

_TIMED = {"days_since": DAYS_BETWEEN, "hours_since": HOURS_BETWEEN, "is_anniversary": ANNIVERSARY}


def segment_variable(segment_id: str) -> str:
    """The variable that holds whether the subject is in a segment."""
    return f"@segment.{segment_id}"


def prepared(node: Node, constants: Mapping[str, Value]) -> Node:
    """Names that have no value in `constants` stay as they are."""
    return rewrite(node, lambda part: _prepare(part, constants))


def _prepare(node: Node, constants: Mapping[str, Value]) -> Node:
    match node:
        case Name(name=name) if name in constants and constants[name] is not None:
            return literal(constants[name])
        case Call(function="now"):
            return Name(NOW)
        case Call(function=function, target=None, arguments=(argument,)) if function in _TIMED:
            return Call(_TIMED[function], None, (argument, Name(NOW)))
        case Call(function="within", target=None, arguments=(moment, span)):
            return Call(WITHIN, None, (moment, _duration(span), Name(NOW)))
        case Call(function="owns", target=None, arguments=(things, thing)):
            return Call("@in", None, (thing, things))
        case Call(function="in_segment", arguments=(Constant(value=str(segment_id)),)):
            return Name(segment_variable(segment_id))
        case _:
            return node


def _duration(span: Node) -> Node:
    """A text that is no span stays as it is: the library fails on it, and what needs it is unknown."""
    if not isinstance(span, Constant) or not isinstance(span.value, str):
        return span
    try:
        microseconds = span_microseconds(span.value)
    except ValueError:
        return Call("duration", None, (span,))
    return Call("duration", None, (Constant(ConstantKind.STRING, f"{microseconds}us"),))


def literal(value: Value) -> Node:
    """A value as an expression. There is none for null."""
    if isinstance(value, tuple):
        return ListLiteral(tuple(_scalar_literal(element) for element in value))
    if value is None:
        raise ValueError("null is no literal of an attribute type")
    return _scalar_literal(value)


def _scalar_literal(value: Scalar) -> Node:
    if isinstance(value, datetime):
        return Call("timestamp", None, (Constant(ConstantKind.STRING, value.isoformat()),))
    return Constant(_KINDS[type(value)], value)


_KINDS: Mapping[type, ConstantKind] = {
    bool: ConstantKind.BOOL,
    int: ConstantKind.INT,
    float: ConstantKind.DOUBLE,
    str: ConstantKind.STRING,
}
