"""Verdicts of single conditions, for those who ask why: the index knows them only of what it decides by.

Conditions are turned into callables when somebody first asks, and kept: the same condition is the same callable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.rules.domain.condition import AllOf, AnyOf, Condition, Fixed, Membership, Not, Opaque, TermKind, Test
from services.rules.domain.indexed.native_tests import derivation, native_test
from services.rules.domain.indexed.program import membership
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN, Verdict, conjunction, disjunction, negation
from shared.cel.library import is_readable
from shared.cel.preparation import NOW, segment_variable
from shared.values import AttributeType, Value, conform

_MAX_KEPT = 200_000


class Subject:
    """Whom conditions are judged for. `values` has every declared attribute, None for unknown."""

    __slots__ = ("now", "values")

    def __init__(self, values: dict[str, Value], now: datetime) -> None:
        self.values = values
        self.now = now


Judge = Callable[[Subject], Verdict]
"""Raises TooManySteps, of the library."""
Bound = Callable[[Subject], Any]
"""What an opaque expression reads of a subject, for the library."""


class Judges:
    """Of one rule set. Threads may share it: what two of them make at once does the same."""

    def __init__(self, segments: Mapping[str, Membership], types: Mapping[str, AttributeType]) -> None:
        self._segments = segments
        self._types = types
        self._kept: dict[int, tuple[Condition, Judge]] = {}

    def of(self, condition: Condition) -> Judge:
        # By identity, because hashing a condition costs more than judging it; kept with the condition, so that its
        # identity stays its own.
        kept = self._kept.get(id(condition))
        if kept is None:
            if len(self._kept) >= _MAX_KEPT:
                self._kept = {}
            kept = self._kept[id(condition)] = condition, self._made(condition)
        return kept[1]

    def segment(self, segment_id: str) -> Membership:
        return self._segments[segment_id]

    def _made(self, condition: Condition) -> Judge:
        match condition:
            case Test():
                return judge_of(condition)
            case Fixed(verdict=verdict):
                return lambda _: verdict
            case Opaque():
                return self._opaque(condition)
            case Not(operand=operand):
                inner = self.of(operand)
                return lambda subject: negation(inner(subject))
            case AllOf(operands=operands):
                return _joined(conjunction, [self.of(each) for each in operands])
            case AnyOf(operands=operands):
                return _joined(disjunction, [self.of(each) for each in operands])
            case Membership(condition=operand, on_unknown=on_unknown):
                member = self.of(operand)
                return lambda subject: membership(member(subject), on_unknown)

    def _opaque(self, opaque: Opaque) -> Judge:
        program = opaque.expression.program(opaque.node, opaque.constants)
        bound = self.bound(opaque)

        def judge(subject: Subject) -> Verdict:
            outcome = program.run(bound(subject))
            return TRUE if outcome is True else FALSE if outcome is False else UNKNOWN

        return judge

    def bound(self, opaque: Opaque) -> Bound:
        environment = opaque.expression.environment
        members = {segment_variable(each): self.of(self._segments[each]) for each in opaque.segments}
        defaults = {name: self._default(opaque, name) for name in opaque.attributes}

        def activation(subject: Subject) -> Any:
            bindings: dict[str, object] = {NOW: subject.now}
            for name, default in defaults.items():
                value = subject.values[name]
                value = default if value is None else value
                if value is not None and is_readable(value):
                    bindings[name] = list(value) if isinstance(value, tuple) else value
            for name, member in members.items():
                bindings[name] = member(subject) == TRUE
            return environment.activation(bindings)

        return activation

    def _default(self, opaque: Opaque, name: str) -> Value:
        return None if opaque.default is None else conform(opaque.default.value, self._types[name])


def judge_of(test: Test) -> Judge:
    """Of one native test."""
    holds, derive, name = native_test(test), derivation(test.term.kind), test.term.attribute
    default = None if test.default is None else test.default.value
    if test.term.kind is TermKind.NOW:
        return lambda subject: holds(subject.now)

    def judge(subject: Subject) -> Verdict:
        value = subject.values[name]
        if value is None:
            value = default
            if value is None:
                return UNKNOWN
        return holds(value if derive is None else derive(value, subject.now))

    return judge


def _joined(join: Callable[[Sequence[Verdict]], Verdict], judges: Sequence[Judge]) -> Judge:
    return lambda subject: join([judge(subject) for judge in judges])
