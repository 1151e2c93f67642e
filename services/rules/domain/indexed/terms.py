"""Sorts the tests that rules ask for directly into look-ups; what none of them holds is left to run by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.rules.domain.condition import Operator, Term, TermKind, Test
from services.rules.domain.indexed.drops import Drops
from services.rules.domain.indexed.facts import Column
from services.rules.domain.indexed.lookup_tables import (
    KEYED,
    ORDERED,
    Tests,
    held_table,
    keyed_table,
    ordered_table,
    unknown_mask,
)
from services.rules.domain.indexed.lookups import HolderLookup, Lookup, Table
from services.rules.domain.indexed.native_tests import Derivation, derivation


@dataclass(frozen=True, slots=True)
class Lookups:
    """`rest` are the tests that are run one by one."""

    lookups: tuple[Lookup, ...]
    holders: tuple[HolderLookup, ...]
    rest: tuple[Test, ...]


Key = tuple[str, str, str, str, int]


def look_up(drops: Mapping[Test, Drops], columns: Mapping[str, Column], width: int) -> Lookups:
    groups: defaultdict[Key, list[tuple[Test, Drops]]] = defaultdict(list)
    for test, of_test in drops.items():
        groups[_key(test)].append((test, of_test))
    builder = _Builder(columns, width)
    for key in sorted(groups):
        builder.add(groups[key])
    return Lookups(tuple(builder.lookups), tuple(builder.holders), tuple(builder.rest))


def index_of(term: Term, columns: Mapping[str, Column]) -> int:
    """The place in the values; the time is behind those of the columns."""
    return len(columns) if term.kind is TermKind.NOW else columns[term.attribute].index


def _key(test: Test) -> Key:
    """Tests of one look-up are alike in this."""
    default = "" if test.default is None else test.default.spelling
    affix = test.operator in (Operator.STARTS_WITH, Operator.ENDS_WITH)
    form = "ordered" if test.operator in ORDERED else test.operator.value if affix else "keyed"
    if test.operator in (Operator.HAS, Operator.CONTAINS):
        form = test.operator.value
    length = len(str(test.operands[0].value)) if affix else 0
    return test.term.attribute, test.term.kind.value, default, form, length


class _Builder:
    def __init__(self, columns: Mapping[str, Column], width: int) -> None:
        self._columns = columns
        self._width = width
        self.lookups: list[Lookup] = []
        self.holders: list[HolderLookup] = []
        self.rest: list[Test] = []

    def add(self, tests: Tests) -> None:
        operator = tests[0][0].operator
        if operator in ORDERED:
            self._add_table(tests, ordered_table(tests, self._width))
        elif operator in KEYED:
            self._add_keyed(tests)
        elif operator is Operator.HAS:
            self._add_holder(tests)
        else:
            self._leave(tests)

    def _add_keyed(self, tests: Tests) -> None:
        table = keyed_table(tests, self._width)
        if table is not None:
            self._add_table(tests, table)
            return
        lists = [each for each in tests if len(each[0].operands) > 1]
        self._leave(lists)
        if single := [each for each in tests if len(each[0].operands) <= 1]:
            self._add_keyed(single) if lists else self._leave(single)

    def _add_table(self, tests: Tests, table: Table) -> None:
        test = tests[0][0]
        index, default = index_of(test.term, self._columns), None if test.default is None else test.default.value
        unknown = unknown_mask(tests, self._width)
        self.lookups.append(Lookup(index, _derivation(test), default, unknown, table))

    def _add_holder(self, tests: Tests) -> None:
        absent, held, rest = held_table(tests, self._width)
        self._leave(rest)
        if not held:
            return
        test = tests[0][0]
        left = {id(drops) for _, drops in rest}
        unknown = unknown_mask([each for each in tests if id(each[1]) not in left], self._width)
        default = None if test.default is None else test.default.value
        self.holders.append(HolderLookup(index_of(test.term, self._columns), default, unknown, absent, held))

    def _leave(self, tests: Tests) -> None:
        self.rest += [test for test, _ in tests]


def _derivation(test: Test) -> Derivation | None:
    """What is looked up: the term, or as much of its beginning or end as is compared."""
    length = len(str(test.operands[0].value)) if test.operands else 0
    affixes: Mapping[Operator, Callable[[Any, Any], Any]] = {
        Operator.STARTS_WITH: lambda value, _: value[:length],
        Operator.ENDS_WITH: lambda value, _: value[max(len(value) - length, 0) :],
    }
    return affixes.get(test.operator) or derivation(test.term.kind)
