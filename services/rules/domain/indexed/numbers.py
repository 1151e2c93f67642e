"""Numbers of the actions (business_value, context_weight): one column per name.

base     float64[actions]   what is the same for everybody, computed when the rule set is compiled; NaN elsewhere
groups   what depends on the subject: each fills the places of the actions that share an expression
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.constants import ACTION_PREFIX, Source, is_closed, settled
from services.rules.domain.indexed.arithmetic import Arithmetic, arithmetic
from services.rules.domain.indexed.facts import Column, Facts, too_costly
from shared.cel.library import CheckedExpression, TooManySteps
from shared.cel.library import Program as CelProgram
from shared.cel.preparation import prepared
from shared.cel.syntax import free_names
from shared.cel.work import Polynomial, work_bound
from shared.values import AttributeType, Value

Places = NDArray[np.int64]
Constants = Mapping[str, Value]


class NumberGroup(Protocol):
    def fill(self, column: NDArray[np.float64], facts: Facts) -> None: ...


@dataclass(frozen=True, slots=True)
class ArithmeticGroup:
    places: Places
    formula: Arithmetic

    def fill(self, column: NDArray[np.float64], facts: Facts) -> None:
        column[self.places] = self.formula.evaluate(facts.values)


@dataclass(frozen=True, slots=True)
class OpaqueGroup:
    """An expression of the library; the same constants, if it reads any."""

    places: Places
    program: CelProgram
    bound: Polynomial
    columns: tuple[Column, ...]
    name: str
    constant_work: int

    def fill(self, column: NDArray[np.float64], facts: Facts) -> None:
        if self.bound:
            facts.spend(self.bound, self.columns, self.name)
        try:
            outcome = self.program.run(facts.activation(None))
        except TooManySteps as error:
            raise too_costly(self.name) from error
        column[self.places] = outcome if isinstance(outcome, int | float) else np.nan


@dataclass(frozen=True, slots=True)
class NumberColumn:
    name: str
    base: NDArray[np.float64]
    groups: tuple[NumberGroup, ...]

    def evaluate(self, facts: Facts) -> NDArray[np.float64]:
        """float64[actions]; NaN where a number is unknown, failed, or is not finite."""
        if not self.groups:
            return self.base
        column = self.base.copy()
        with np.errstate(all="ignore"):
            for group in self.groups:
                group.fill(column, facts)
        column[~np.isfinite(column)] = np.nan
        return column


def number_column(
    name: str,
    members: Mapping[str, Sequence[int]],
    expressions: Mapping[str, CheckedExpression],
    constants: Sequence[Constants],
    columns: Mapping[str, Column],
) -> NumberColumn:
    """`members` holds, by the text of the expression, the actions that have it; `constants` those of every action."""
    base = np.full(len(constants), np.nan)
    groups: list[NumberGroup] = []
    for text, indexes in members.items():
        builder = _Builder(name, expressions[text], columns)
        own = [constants[index] for index in indexes]
        groups += builder.groups(np.array(indexes, dtype=np.int64), own, base)
    base[~np.isfinite(base)] = np.nan
    base.flags.writeable = False
    return NumberColumn(name, base, tuple(groups))


class _Builder:
    """The groups of the actions that share one expression. What is closed goes into `base` instead."""

    def __init__(self, name: str, expression: CheckedExpression, columns: Mapping[str, Column]) -> None:
        self._name = name
        self._expression = expression
        self._columns = columns
        self._names = free_names(expression.root)

    def groups(
        self, places: Places, constants: Sequence[Constants], base: NDArray[np.float64]
    ) -> Iterable[NumberGroup]:
        kinds: Mapping[str, AttributeType] = self._expression.environment.variables
        formula = arithmetic(self._expression.root, self._columns, constants, kinds)
        closed = is_closed(self._expression.root, Source(self._expression, {}))
        if formula is None:
            yield from self._by_constants(places, constants, base, closed)
        elif closed:
            with np.errstate(all="ignore"):
                base[places] = formula.evaluate(())
        else:
            yield ArithmeticGroup(places, formula)

    def _by_constants(
        self, places: Places, constants: Sequence[Constants], base: NDArray[np.float64], closed: bool
    ) -> Iterable[NumberGroup]:
        read = [name for name in self._names if name.startswith(ACTION_PREFIX)]
        alike: dict[str, list[int]] = {}
        for index, each in enumerate(constants):
            alike.setdefault(repr([each.get(name) for name in read]), []).append(index)
        for indexes in alike.values():
            own = {name: constants[indexes[0]].get(name) for name in read}
            if closed:
                value = settled(self._expression.root, Source(self._expression, own))
                base[places[indexes]] = value if isinstance(value, int | float) else np.nan
            else:
                yield self._opaque(places[indexes], own)

    def _opaque(self, places: Places, constants: Constants) -> OpaqueGroup:
        columns = tuple(self._columns[name] for name in self._names if name in self._columns)
        sized = {each.name for each in columns if each.type.is_list or each.type is AttributeType.STRING}
        bound = work_bound(prepared(self._expression.root, constants), sized.__contains__)
        program = self._expression.program(self._expression.root, constants)
        return OpaqueGroup(places, program, bound if any(bound) else {}, columns, self._name, bound.get((), 0))
