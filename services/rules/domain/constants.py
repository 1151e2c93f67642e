"""Constants of an expression: literals, constants of the action, and whatever the library folds to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.cel.library import CheckedExpression, Failure, TooManySteps
from shared.cel.preparation import literal
from shared.cel.syntax import Call, Constant, ConstantKind, Name, Node, Place, free_names, walk
from shared.values import AttributeType, Scalar, Value, conform

ACTION_PREFIX = "action."

_TIME_DEPENDENT = {"now", "days_since", "hours_since", "within", "is_anniversary"}

KINDS: Mapping[AttributeType, ConstantKind] = {
    AttributeType.BOOL: ConstantKind.BOOL,
    AttributeType.INT: ConstantKind.INT,
    AttributeType.DOUBLE: ConstantKind.DOUBLE,
    AttributeType.STRING: ConstantKind.STRING,
    AttributeType.TIMESTAMP: ConstantKind.TIMESTAMP,
}
_PYTHON_KINDS: Mapping[type, ConstantKind] = {
    bool: ConstantKind.BOOL,
    int: ConstantKind.INT,
    float: ConstantKind.DOUBLE,
    str: ConstantKind.STRING,
    datetime: ConstantKind.TIMESTAMP,
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a condition comes from: its expression, and the constants of the action it is compiled for.

    `default` is what on_unknown DEFAULT puts in place of an unknown attribute; None: nothing.
    """

    expression: CheckedExpression
    constants: Mapping[str, Value]
    default: Value = None

    def type_of(self, name: str) -> AttributeType | None:
        return self.expression.environment.variables.get(name)

    def is_attribute(self, name: str) -> bool:
        """Whether the name is read from the facts at run time."""
        return not name.startswith(ACTION_PREFIX) and name in self.expression.environment.variables

    def default_for(self, name: str) -> Value:
        """The default, as the type of the attribute holds it."""
        kind = self.type_of(name)
        return None if self.default is None or kind is None else conform(self.default, kind)

    def action_value(self, name: str) -> Value:
        """A constant of the action, its default where the action has none; None for unknown."""
        value = self.constants.get(name)
        return self.default_for(name) if value is None else value


def constant(value: Scalar) -> Constant:
    return Constant(_PYTHON_KINDS[type(value)], value)


def constant_of(node: Node, source: Source) -> Constant | None:
    """The scalar that the node always is; None where it depends on the facts, or has no value."""
    match node:
        case Constant():
            return node if node.kind in KINDS.values() else None
        case Name(name=name) if name.startswith(ACTION_PREFIX):
            value = source.action_value(name)
            return None if value is None or isinstance(value, tuple) else constant(value)
        case Call() if is_closed(node, source):
            return _folded(node, source)
        case _:
            return None


def is_closed(node: Node, source: Source) -> bool:
    """Whether the node reads nothing but constants."""
    return not any(source.is_attribute(name) for name in free_names(node)) and not any(
        isinstance(part, Call) and part.function in {*_TIME_DEPENDENT, "in_segment"} for part in walk(node)
    )


def settled(node: Node, source: Source) -> Value | Failure:
    """The value of a closed node, by the library."""
    constants = {name: source.action_value(name) for name in free_names(node) if name.startswith(ACTION_PREFIX)}
    program = source.expression.program(node, constants)
    try:
        return program.run(source.expression.environment.activation({}))
    except TooManySteps:
        return Failure("it needs more than 10,000 comprehension steps")


def _folded(node: Call, source: Source) -> Constant | None:
    value = settled(node, source)
    if isinstance(value, Failure | tuple) or value is None:
        return None
    if isinstance(value, datetime) and not _is_exact(node, value, source):
        return None
    return constant(value)


def _is_exact(node: Call, value: datetime, source: Source) -> bool:
    """Whether the folded timestamp is the whole one: CEL counts nanoseconds, datetime microseconds."""
    comparison = Call("_==_", None, (node, literal(value)), Place())
    return settled(comparison, source) is True
