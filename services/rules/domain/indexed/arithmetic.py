"""Arithmetic on doubles over all actions at once.

An expression such as `margin * action.rate` is evaluated once for all actions that share it: attributes are scalars,
constants of the actions float64[actions], unknown ones NaN, which every operation hands on. IEEE arithmetic is the
same in CEL and numpy. Whatever else an expression does (int arithmetic, conditions) is left to the library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.constants import ACTION_PREFIX
from services.rules.domain.indexed.facts import Column
from shared.cel.syntax import Call, Constant, ConstantKind, Name, Node
from shared.values import AttributeType, Value

Numbers = float | NDArray[np.float64]


class Arithmetic(Protocol):
    def evaluate(self, values: Sequence[Value]) -> Numbers: ...


@dataclass(frozen=True, slots=True)
class Given:
    """A constant, or one constant per action."""

    numbers: Numbers

    def evaluate(self, _: Sequence[Value]) -> Numbers:
        return self.numbers


@dataclass(frozen=True, slots=True)
class Read:
    """An attribute."""

    index: int

    def evaluate(self, values: Sequence[Value]) -> Numbers:
        value: Any = values[self.index]
        return np.float64(np.nan if value is None else value)


@dataclass(frozen=True, slots=True)
class Apply:
    operation: Any
    left: Arithmetic
    right: Arithmetic

    def evaluate(self, values: Sequence[Value]) -> Numbers:
        result: Numbers = self.operation(self.left.evaluate(values), self.right.evaluate(values))
        return result


_OPERATIONS = {"_+_": np.add, "_-_": np.subtract, "_*_": np.multiply, "_/_": np.divide}


def arithmetic(
    node: Node,
    columns: Mapping[str, Column],
    constants: Sequence[Mapping[str, Value]],
    kinds: Mapping[str, AttributeType],
) -> Arithmetic | None:
    """`constants` holds those of each action. None where the expression is more than arithmetic on doubles."""
    return _Reader(columns, constants, kinds).root(node)


class _Reader:
    def __init__(
        self,
        columns: Mapping[str, Column],
        constants: Sequence[Mapping[str, Value]],
        kinds: Mapping[str, AttributeType],
    ) -> None:
        self._columns = columns
        self._constants = constants
        self._kinds = kinds

    def root(self, node: Node) -> Arithmetic | None:
        """An int is a number, too, as long as nothing is computed with it."""
        return self._leaf(node, AttributeType.INT) or self._double(node)

    def _double(self, node: Node) -> Arithmetic | None:
        match node:
            case Call(function=function, target=None, arguments=(left, right)) if function in _OPERATIONS:
                return self._applied(_OPERATIONS[function], self._double(left), self._double(right))
            case Call(function="-_", arguments=(operand,)):
                return self._applied(np.multiply, Given(np.float64(-1.0)), self._double(operand))
            case Call(function="double", arguments=(operand,)):
                return self._leaf(operand, AttributeType.INT) or self._double(operand)
            case _:
                return self._leaf(node, AttributeType.DOUBLE)

    def _applied(self, operation: Any, left: Arithmetic | None, right: Arithmetic | None) -> Arithmetic | None:
        return None if left is None or right is None else Apply(operation, left, right)

    def _leaf(self, node: Node, kind: AttributeType) -> Arithmetic | None:
        match node:
            case Constant(kind=ConstantKind.DOUBLE | ConstantKind.INT as found, value=int() | float() as value):
                return Given(np.float64(value)) if found.name == kind.name else None
            case Name(name=name) if self._kinds.get(name) is kind:
                if name.startswith(ACTION_PREFIX):
                    return Given(np.array([_number(each.get(name)) for each in self._constants]))
                return Read(self._columns[name].index)
        return None


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else np.nan
