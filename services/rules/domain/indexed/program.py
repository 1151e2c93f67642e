"""The part of a compiled rule set that runs for every subject: each distinct predicate once.

A run fills a list of verdicts, one slot per distinct condition, in this order:

    slots   what                      computed by
    -----   -----------------------   ---------------------------------------------------------
    T       native tests              probes: per term (an attribute, its size, ...) one value is
                                      read and all tests of the term run over it
    F       fixed conditions          copied
    S       opaque and && || ! over   steps, in an order in which operands come first
            the slots before them

Tests that rules ask for directly are not here: look-ups resolve them (`lookups`). A probe of an unknown attribute
fills its slots with UNKNOWN without running a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.rules.domain.condition import Default, Test
from services.rules.domain.indexed.facts import Column, Facts, Readers, too_costly
from services.rules.domain.indexed.native_tests import Derivation, NativeTest
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN, Verdict, conjunction, disjunction, negation
from services.rules.domain.written import OnUnknown
from shared.cel.library import Program as CelProgram
from shared.cel.library import TooManySteps
from shared.cel.preparation import segment_variable
from shared.cel.work import Polynomial
from shared.values import Value


@dataclass(frozen=True, slots=True)
class Probe:
    """All tests of one term. `index` is the attribute's place in the values; `conditions` are what `tests` run."""

    index: int
    derive: Derivation | None
    default: Value
    tests: tuple[NativeTest, ...]
    unknown: tuple[Verdict, ...]
    conditions: tuple[Test, ...]

    def verdicts(self, facts: Facts) -> Iterable[Verdict]:
        value: Any = facts.values[self.index]
        if value is None:
            value = self.default
            if value is None:
                return self.unknown
        if self.derive is not None:
            value = self.derive(value, facts.now)
        return [test(value) for test in self.tests]


class Step(Protocol):
    def verdict(self, verdicts: Sequence[Verdict], facts: Facts) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Program:
    """See the module. `readers` says which attributes the opaque steps read."""

    probes: tuple[Probe, ...]
    fixed: tuple[Verdict, ...]
    steps: tuple[Step, ...]
    readers: Readers

    @property
    def constant_work(self) -> int:
        """What every run takes of the library, at least."""
        return sum(step.constant_work for step in self.steps if isinstance(step, OpaqueStep))

    def run(self, facts: Facts) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for probe in self.probes:
            verdicts += probe.verdicts(facts)
        verdicts += self.fixed
        for step in self.steps:
            verdicts.append(step.verdict(verdicts, facts))
        return verdicts


@dataclass(frozen=True, slots=True)
class NotStep:
    slot: int

    def verdict(self, verdicts: Sequence[Verdict], _: Facts) -> Verdict:
        return negation(verdicts[self.slot])


@dataclass(frozen=True, slots=True)
class AllOfStep:
    slots: tuple[int, ...]

    def verdict(self, verdicts: Sequence[Verdict], _: Facts) -> Verdict:
        return conjunction([verdicts[slot] for slot in self.slots])


@dataclass(frozen=True, slots=True)
class AnyOfStep:
    slots: tuple[int, ...]

    def verdict(self, verdicts: Sequence[Verdict], _: Facts) -> Verdict:
        return disjunction([verdicts[slot] for slot in self.slots])


@dataclass(frozen=True, slots=True)
class MembershipStep:
    slot: int
    on_unknown: OnUnknown

    def verdict(self, verdicts: Sequence[Verdict], _: Facts) -> Verdict:
        return membership(verdicts[self.slot], self.on_unknown)


def membership(verdict: Verdict, on_unknown: OnUnknown) -> Verdict:
    """A segment's condition, with what the segment says that unknown means."""
    return verdict if verdict != UNKNOWN else TRUE if on_unknown is OnUnknown.PASS else FALSE


@dataclass(frozen=True, slots=True)
class OpaqueStep:
    """An expression of the library. `bound` is empty where no value it reads can make it costly; `constant_work` is
    what it takes whatever they are.
    """

    program: CelProgram
    default: Default | None
    segments: Mapping[str, int]
    bound: Polynomial
    columns: tuple[Column, ...]
    rule_id: str
    constant_work: int

    def verdict(self, verdicts: Sequence[Verdict], facts: Facts) -> Verdict:
        if self.bound:
            facts.spend(self.bound, self.columns, self.rule_id)
        try:
            outcome = self.program.run(self._activation(verdicts, facts))
        except TooManySteps as error:
            raise too_costly(self.rule_id) from error
        return TRUE if outcome is True else FALSE if outcome is False else UNKNOWN

    def _activation(self, verdicts: Sequence[Verdict], facts: Facts) -> Any:
        if not self.segments:
            return facts.activation(self.default)
        variables = {segment_variable(each): verdicts[slot] == TRUE for each, slot in self.segments.items()}
        return facts.activation_with(self.default, variables)
