"""The CEL library (cel-expr-python, a wrapper of cel-cpp): the only module that knows it.

Conditions are parsed and type-checked by the library, and whatever the index does not hold natively is evaluated by
it, so there is no second CEL here. Our functions `now()`, `days_since()`, `hours_since()`, `within()`,
`is_anniversary()`, `owns()` and `in_segment()` are declared to the checker of an environment that has them; before
evaluation they are replaced (`preparation`).

The library guards itself: at most 100,000 characters, 32 levels of nesting, 10,000 steps of all comprehensions of one
evaluation. Its evaluation holds the GIL, which is why `work` bounds it further.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]

from shared.cel.checked_expression import CheckedTree, read_checked
from shared.cel.elapsed import days_between, hours_between
from shared.cel.expression_writer import write_checked
from shared.cel.preparation import (
    ANNIVERSARY,
    DAYS_BETWEEN,
    HOURS_BETWEEN,
    NOW,
    OVERLOADS,
    WITHIN,
    prepared,
    segment_variable,
)
from shared.cel.problems import FUNCTIONS, Known, Problem, read_problems
from shared.cel.spans import is_anniversary, is_within
from shared.cel.syntax import Node
from shared.values import AttributeType, Value

MAX_EXPRESSION_BYTES = 65_536
WITHIN_TEXT = "within_text"
"""The overload of within() whose span is a text."""

_BUDGET_EXCEEDED = "Iteration budget exceeded"

_SCALARS: Mapping[AttributeType, cel.Type] = {
    AttributeType.BOOL: cel.Type.BOOL,
    AttributeType.INT: cel.Type.INT,
    AttributeType.DOUBLE: cel.Type.DOUBLE,
    AttributeType.STRING: cel.Type.STRING,
    AttributeType.TIMESTAMP: cel.Type.TIMESTAMP,
}


class TooManySteps(Exception):
    """An evaluation went over the library's own bound on comprehension steps."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An evaluation without an attribute value: a variable had none, a division by zero, an overflow.

    `is_other_type`: it has a value, of a type that attributes cannot have (a map, a duration).
    """

    message: str
    is_other_type: bool = False

    @property
    def sentence(self) -> str:
        """The message without the library's status code."""
        return self.message.partition(": ")[2] or self.message


class Program:
    """An expression ready to run. Immutable; threads may share it."""

    __slots__ = ("_expression",)

    def __init__(self, expression: cel.Expression) -> None:
        self._expression = expression

    def run(self, activation: cel.Activation) -> Value | Failure:
        """Raises TooManySteps."""
        outcome = self._outcome(activation)
        return outcome if isinstance(outcome, Failure) else _value(outcome)

    def run_any(self, activation: cel.Activation) -> object:
        """The value whatever its type is: maps, lists, bytes, timedelta, the name of a type; or a Failure.

        Raises TooManySteps.
        """
        outcome = self._outcome(activation)
        if isinstance(outcome, Failure):
            return outcome
        if outcome.type() == cel.Type.ERROR:
            return Failure(str(outcome.value()))
        return _plain(outcome.plain_value())

    def _outcome(self, activation: cel.Activation) -> Any:
        try:
            return self._expression.eval(activation)
        except RuntimeError as error:
            if _BUDGET_EXCEEDED in str(error):
                raise TooManySteps from error
            return Failure(str(error))


@dataclass(frozen=True, slots=True)
class CheckedExpression:
    """A well-typed expression. `result` is None for types that attributes cannot have."""

    text: str
    tree: CheckedTree
    result: AttributeType | None
    environment: CelEnvironment

    @property
    def root(self) -> Node:
        return self.tree.root

    def program(self, node: Node, constants: Mapping[str, Value]) -> Program:
        """`node`, a part of this expression, with the names in `constants` replaced by their values."""
        return self.environment.load(write_checked(prepared(node, constants), self.tree, OVERLOADS))


class CelEnvironment:
    """The names expressions may use, with their types.

    Without a clock there is no now() and what counts from it; where `segments` is None, no in_segment().
    `untyped` names may hold whatever JSON can say, which the checker leaves to the evaluation.
    """

    def __init__(
        self,
        variables: Mapping[str, AttributeType],
        segments: Collection[str] | None = None,
        *,
        has_clock: bool = True,
        untyped: Collection[str] = (),
    ) -> None:
        self.variables = variables
        self.untyped = frozenset(untyped)
        functions = {**_OWN, **(_CLOCK if has_clock else {}), **(_SEGMENTS if segments is not None else {})}
        self._known = Known(variables, FUNCTIONS.union(name for name in functions if not name.startswith("@")))
        declared = {name: _library_type(kind) for name, kind in variables.items()}
        declared |= dict.fromkeys(untyped, cel.Type.DYN)
        declared |= {segment_variable(each): cel.Type.BOOL for each in segments or ()}
        declared |= {NOW: cel.Type.TIMESTAMP} if has_clock else {}
        self._env = cel.NewEnv(variables=declared, functions=list(functions.values()))

    def check(self, text: str) -> CheckedExpression | tuple[Problem, ...]:
        """The expression, or everything that is wrong with it."""
        if not is_unicode(text):
            return (Problem("CEL_SYNTAX", "the expression is not Unicode text: it has half of a surrogate pair"),)
        if (size := len(text.encode())) > MAX_EXPRESSION_BYTES:
            return (Problem("LIMIT", f"the expression has {size} bytes; {MAX_EXPRESSION_BYTES} are allowed"),)
        try:
            expression = self._env.compile(text)
            result = _attribute_type(expression)
        except RuntimeError as error:
            return read_problems(str(error), text, self._known)
        return CheckedExpression(text, read_checked(expression.serialize()), result, self)

    def load(self, packed: bytes) -> Program:
        return Program(self._env.deserialize(packed))

    def activation(self, values: Mapping[str, object]) -> cel.Activation:
        """Values by name, lists as Python lists; a name that is left out has no value."""
        return self._env.Activation(values)


def _function(name: str, result: cel.Type, parameters: list[cel.Type], body: Any = None) -> cel.FunctionDecl:
    return cel.FunctionDecl(name, [cel.Overload(name, result, parameters, impl=body)])


def _overloaded(name: str, overloads: Mapping[str, list[cel.Type]]) -> cel.FunctionDecl:
    """A condition on any of several kinds of arguments."""
    return cel.FunctionDecl(name, [cel.Overload(each, cel.Type.BOOL, kinds) for each, kinds in overloads.items()])


_MOMENT = cel.Type.TIMESTAMP
_OWNS = {
    "owns_text": [cel.Type.List(cel.Type.STRING), cel.Type.STRING],
    "owns_number": [cel.Type.List(cel.Type.INT), cel.Type.INT],
}
_WITHIN = {"within_duration": [_MOMENT, cel.Type.DURATION], WITHIN_TEXT: [_MOMENT, cel.Type.STRING]}
_OWN: Mapping[str, cel.FunctionDecl] = {"owns": _overloaded("owns", _OWNS)}
_CLOCK: Mapping[str, cel.FunctionDecl] = {
    "now": _function("now", _MOMENT, []),
    "days_since": _function("days_since", cel.Type.INT, [_MOMENT]),
    "hours_since": _function("hours_since", cel.Type.INT, [_MOMENT]),
    "within": _overloaded("within", _WITHIN),
    "is_anniversary": _function("is_anniversary", cel.Type.BOOL, [_MOMENT]),
    WITHIN: _function(WITHIN, cel.Type.BOOL, [_MOMENT, cel.Type.DURATION, _MOMENT], is_within),
    ANNIVERSARY: _function(ANNIVERSARY, cel.Type.BOOL, [_MOMENT, _MOMENT], is_anniversary),
    DAYS_BETWEEN: _function(DAYS_BETWEEN, cel.Type.INT, [_MOMENT, _MOMENT], days_between),
    HOURS_BETWEEN: _function(HOURS_BETWEEN, cel.Type.INT, [_MOMENT, _MOMENT], hours_between),
}
_SEGMENTS: Mapping[str, cel.FunctionDecl] = {
    "in_segment": _function("in_segment", cel.Type.BOOL, [cel.Type.STRING]),
}


def is_unicode(text: str) -> bool:
    """Whether the text can be encoded: a YAML escape can make half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_readable(value: Value) -> bool:
    """Whether the library reads the value as it is: it cuts strings at a zero character."""
    if isinstance(value, str):
        return "\0" not in value
    return all(is_readable(element) for element in value) if isinstance(value, tuple) else True


_TYPE_NAMES = {
    "null": "null_type",
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
}
"""Where the library's name of a type is not that of the language definition."""


def _plain(value: Any) -> object:
    """With types by their names."""
    if isinstance(value, cel.Type):
        name = value.name().lower().partition("<")[0]
        return _TYPE_NAMES.get(name, name)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return {_plain(key): _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def _value(outcome: cel.Value) -> Value | Failure:
    kind = outcome.type()
    if kind == cel.Type.ERROR:
        return Failure(str(outcome.value()))
    if any(kind == scalar for scalar in _SCALARS.values()):
        value: Value = outcome.plain_value()
        return value
    return Failure(f"a {kind.name()} is no attribute value", is_other_type=True)


def _attribute_type(expression: cel.Expression) -> AttributeType | None:
    kind = expression.return_type()
    return next((each for each, library_type in _SCALARS.items() if library_type == kind), None)


def _library_type(kind: AttributeType) -> cel.Type:
    scalar = _SCALARS[kind.element]
    return cel.Type.List(scalar) if kind.is_list else scalar
