"""Lists as variables of the solver: one bool per element asked for, and the size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import ModuleType
from typing import Any

from services.rules.domain.condition import Operator, Test
from services.rules.domain.lint.value_formulas import COMPARISONS, Formula, Unwritable
from shared.values import MAX_VALUE_BYTES, AttributeType, Scalar, Value

_MAX_WRITTEN = 1_000


class Lists:
    """`tests` are all those of the question; no other may be asked for. `allowed` are all elements; empty: any."""

    def __init__(
        self,
        z3: ModuleType,
        context: Any,
        name: str,
        kind: AttributeType,
        tests: Sequence[Test],
        allowed: Sequence[Value],
    ) -> None:
        self._z3, self._context, self._element = z3, context, kind.element
        self._allowed: Sequence[Any] = allowed if allowed or kind is not AttributeType.BOOL_LIST else (False, True)
        asked = [test.operands[0].value for test in tests if test.operator is Operator.HAS]
        elements: dict[Any, None] = dict.fromkeys([*asked, *self._allowed])
        self._size = z3.Int(f"{name} size", context)
        self._held = {each: z3.Bool(f"{name} has {each!r}", context) for each in elements}
        self.constraints = list(self._constraints())

    def holds(self, test: Test) -> Formula:
        if test.operator is Operator.HAS:
            return self._held[test.operands[0].value]
        if test.operator is Operator.IN:
            return self._z3.Or([self._size == each.value for each in test.operands], self._context)
        return COMPARISONS[test.operator](self._size, test.operands[0].value)

    def read(self, model: Any) -> Value:
        held = [each for each, atom in self._held.items() if self._z3.is_true(model.eval(atom, model_completion=True))]
        size = model.eval(self._size, model_completion=True).as_long()
        if size > _MAX_WRITTEN:
            raise Unwritable
        missing = size - len(held)
        fillers = held if self._allowed else islice(self._others(), missing)
        more = (held * missing)[:missing] if self._allowed else list(fillers)
        if len(held) + len(more) != size:
            raise Unwritable
        return (*held, *more)

    def _constraints(self) -> Iterator[Formula]:
        z3 = self._z3
        yield z3.And(self._size >= 0, self._size <= MAX_VALUE_BYTES)
        if self._held:
            yield z3.Sum([z3.If(atom, 1, 0) for atom in self._held.values()]) <= self._size
        if self._allowed:
            inside = set(self._allowed)
            yield z3.Implies(self._size > 0, z3.Or([self._held[each] for each in inside]))
            yield from (z3.Not(atom) for each, atom in self._held.items() if each not in inside)

    def _others(self) -> Iterator[Scalar]:
        """Elements that nobody asks for."""
        numbers = range(1, _MAX_WRITTEN + len(self._held) + 1)
        candidates: Iterator[Any]
        match self._element:
            case AttributeType.STRING:
                candidates = (f"other_{number}" for number in numbers)
            case AttributeType.TIMESTAMP:
                candidates = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in numbers)
            case AttributeType.DOUBLE:
                candidates = (float(number) for number in numbers)
            case _:
                candidates = iter(numbers)
        return (each for each in candidates if each not in self._held)
