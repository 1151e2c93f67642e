"""Strings as variables of the solver: the place among the constants they are compared with, and an atom per affix.

    place   2i + 1 for the i-th constant (by code point), 2i for what lies below it and above the one before
    affix   one bool per startsWith, endsWith, contains: for a constant, what it is; else free, but for what follows
            from one affix for another, for the place and for the size
    size    of any string in code points

Free atoms allow more combinations than strings have, never fewer: what is impossible here is impossible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from types import ModuleType
from typing import Any

from services.rules.domain.condition import Operator, TermKind, Test
from services.rules.domain.indexed.native_tests import native_test
from services.rules.domain.lint.value_formulas import COMPARISONS, Formula, Unwritable
from shared.values import MAX_VALUE_BYTES, Value

Affix = tuple[Operator, str]

_AFFIXES = (Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS)
_FILLERS = ("other", "", "x", "0", "~", "A", "-", "é", "\U0010fffd")
_MAX_WRITTEN = 2_000


class Texts:
    """`tests` are all those of the question; no other may be asked for."""

    def __init__(
        self, z3: ModuleType, context: Any, name: str, tests: Sequence[Test], allowed: Sequence[Value]
    ) -> None:
        self._z3, self._context, self._tests = z3, context, tests
        values = [test for test in tests if test.term.kind is TermKind.VALUE]
        compared = {str(each.value) for test in values if test.operator not in _AFFIXES for each in test.operands}
        self._constants = sorted(compared | {str(each) for each in allowed})
        self._places = {text: 2 * index + 1 for index, text in enumerate(self._constants)}
        self._place = z3.Int(f"{name} place", context)
        self._size = z3.Int(f"{name} size", context)
        affixes = dict.fromkeys(
            (test.operator, str(test.operands[0].value)) for test in values if test.operator in _AFFIXES
        )
        self._affixes: dict[Affix, Formula] = {
            each: z3.Bool(f"{name} {each[0].value} {each[1]!r}", context) for each in affixes
        }
        self.constraints = list(self._constraints(allowed))

    def holds(self, test: Test) -> Formula:
        if test.term.kind is TermKind.SIZE:
            if test.operator is Operator.IN:
                return self._z3.Or([self._size == each.value for each in test.operands], self._context)
            return COMPARISONS[test.operator](self._size, test.operands[0].value)
        if test.operator in _AFFIXES:
            return self._affixes[test.operator, str(test.operands[0].value)]
        if test.operator is Operator.IN:
            return self._z3.Or([self._is(str(each.value)) for each in test.operands], self._context)
        return COMPARISONS[test.operator](self._place, self._places[str(test.operands[0].value)])

    def read(self, model: Any) -> Value:
        """The first string put together from the constants of which the tests say what the model says."""
        wanted = [(test, self._z3.is_true(model.eval(self.holds(test), model_completion=True))) for test in self._tests]
        size = model.eval(self._size, model_completion=True).as_long()
        place = model.eval(self._place, model_completion=True).as_long()
        prefixes, suffixes, parts = (
            [text for (kind, text), atom in self._affixes.items() if kind is each and self._is_true(model, atom)]
            for each in _AFFIXES
        )
        for text in self._candidates(place, size, (prefixes, suffixes, parts)):
            if all(_says(test, text) is held for test, held in wanted):
                return text
        raise Unwritable

    def _is_true(self, model: Any, atom: Formula) -> bool:
        return bool(self._z3.is_true(model.eval(atom, model_completion=True)))

    def _is(self, text: str) -> Formula:
        return self._place == self._places[text]

    def _candidates(self, place: int, size: int, held: tuple[list[str], list[str], list[str]]) -> Iterator[str]:
        if place % 2:
            yield self._constants[place // 2]
            return
        prefixes, suffixes, parts = held
        below = self._constants[place // 2 - 1] if place else ""
        heads = dict.fromkeys((max(prefixes, key=len, default=""), below))
        tail = max(suffixes, key=len, default="")
        for head, filler in product(heads, _FILLERS):
            middle = "".join(part for part in parts if part not in head and part not in tail)
            room = size - len(head) - len(middle) - len(tail)
            padding = (filler * (room // len(filler) + 1))[:room] if filler and 0 < room < _MAX_WRITTEN else filler
            for each in dict.fromkeys((padding, filler)):
                yield from (head + each + middle + tail, head + middle + each + tail)

    def _constraints(self, allowed: Sequence[Value]) -> Iterator[Formula]:
        z3, lowest = self._z3, 1 if self._constants[:1] == [""] else 0
        yield z3.And(self._place >= lowest, self._place <= 2 * len(self._constants))
        yield z3.And(self._size >= 0, self._size <= MAX_VALUE_BYTES)
        if allowed:
            yield z3.Or([self._is(str(each)) for each in allowed])
        for text in self._constants:
            facts = [self._size == len(text)]
            facts += [atom == _has(affix, text) for affix, atom in self._affixes.items()]
            yield z3.Implies(self._is(text), z3.And(facts))
        if "" in self._places:
            yield z3.Implies(self._size == 0, self._is(""))
        for affix, atom in self._affixes.items():
            yield z3.Implies(atom, z3.And([self._size >= len(affix[1]), *self._of_affix(affix)]))
            if not affix[1]:
                yield atom

    def _of_affix(self, affix: Affix) -> Iterator[Formula]:
        """What follows where it holds."""
        kind, text = affix
        for other, atom in self._affixes.items():
            if _has(other, text) and other[0] in (kind, Operator.CONTAINS):
                yield atom
            elif other[0] is kind and kind is not Operator.CONTAINS and not _has((kind, text), other[1]):
                yield self._z3.Not(atom)
        if kind is Operator.STARTS_WITH:
            for constant, place in self._places.items():
                if constant <= text:
                    yield self._place >= place
                elif not constant.startswith(text):
                    yield self._place < place


def _has(affix: Affix, text: str) -> bool:
    kind, part = affix
    if kind is Operator.CONTAINS:
        return part in text
    return text.startswith(part) if kind is Operator.STARTS_WITH else text.endswith(part)


def _says(test: Test, text: str) -> bool:
    return native_test(test)(len(text) if test.term.kind is TermKind.SIZE else text)
