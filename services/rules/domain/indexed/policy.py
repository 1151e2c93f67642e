"""A rule set compiled to bitsets.

What falls, at every stage, is a row of bits (`units` draws them): the union of

    settled    what falls whoever the subject is
    lookups    per term one mask, found by where the value lies (`lookups`): most rules end here
    holders    the same for what lists hold
    checks     (slot, masks): masks[verdict] is what falls when the condition of the slot has that verdict

The look-ups are the kernel's, which works on words; the others are unions of Python ints, for most rule sets of none. A
unit falls at the earliest stage that has a bit for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.evaluation import DroppedAction, Evaluation, Explain
from services.rules.domain.indexed.batch import fallen_together
from services.rules.domain.indexed.drops import Masks
from services.rules.domain.indexed.facts import Column, Facts, Readers, read_values
from services.rules.domain.indexed.lookup_rows import LookupRows
from services.rules.domain.indexed.lookups import HolderLookup
from services.rules.domain.indexed.members import words_of
from services.rules.domain.indexed.numbers import NumberColumn, OpaqueGroup
from services.rules.domain.indexed.program import OpaqueStep, Program
from services.rules.domain.indexed.reasons import RuleEntry
from services.rules.domain.indexed.units import Units
from services.rules.domain.kleene import TRUE, Verdict
from services.rules.domain.rule_set import Stage
from services.rules.domain.why.explainer import Explainer, Explanations
from shared.cel.library import CelEnvironment
from shared.clock import to_datetime
from shared.errors import TandemError
from shared.values import Feature

_QUICK_TESTS = 5_000
_LOOKUP_COST = 8  # in native tests
_OPAQUE_COST = 30  # a call of the library
_QUICK_REASONS = 200

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """The segments, for those who ask which ones the subject is in."""

    program: Program
    slots: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class IndexedPolicy:
    actions: tuple[str, ...]
    units: Units
    columns: tuple[Column, ...]
    environment: CelEnvironment
    settled: int
    lookups: LookupRows
    holders: tuple[HolderLookup, ...]
    program: Program
    checks: tuple[tuple[int, Masks], ...]
    numbers: tuple[NumberColumn, ...]
    readers: Readers
    segments: SegmentTable
    explainer: Explainer
    rules: tuple[tuple[RuleEntry, ...], ...]
    """Per action, inherited ones first."""
    treatment_rules: tuple[tuple[RuleEntry, ...], ...]
    """Per treatment of `units`, those of its channel first."""

    def is_quick(self, explain: Explain) -> bool:
        is_short = explain is Explain.NONE or (explain is Explain.REASONS and len(self.actions) < _QUICK_REASONS)
        return is_short and self._cost() < _QUICK_TESTS

    def evaluate(
        self, facts: Mapping[str, Feature], now_ms: int, explain: Explain, explain_actions: Collection[str] = ()
    ) -> Evaluation:
        known = self._facts(facts, now_ms, self.readers)
        fallen = self._fallen(known, self._checked(self.program.run(known)))
        evaluation = self._answer(known, fallen)
        if explain is Explain.NONE:
            return evaluation
        explanations = self.explainer.about(facts, known.values, known.now, explain)
        by_stage = self.units.split(int.from_bytes(fallen.tobytes(), "little"))
        return replace(
            evaluation,
            dropped=self._reasons(explanations, by_stage, evaluation, explain_actions),
            segments=self.segments_of(facts, now_ms) if explain is Explain.FULL else (),
        )

    def evaluate_batch(
        self, subjects: Sequence[Mapping[str, Feature]], now_ms: int, explain: Explain
    ) -> list[Evaluation | TandemError]:
        if explain is not Explain.NONE or not self.checks:
            return [_outcome(self.evaluate, facts, now_ms, explain) for facts in subjects]
        read = [_outcome(self._facts, facts, now_ms, self.readers) for facts in subjects]
        known = [each for each in read if isinstance(each, Facts)]
        checked = iter(fallen_together(self.program, self.checks, known))
        return [self._finished(each, next(checked)) if isinstance(each, Facts) else each for each in read]

    def _finished(self, known: Facts, checked: int | TandemError) -> Evaluation | TandemError:
        if isinstance(checked, TandemError):
            return checked
        return _outcome(self._answer, known, self._fallen(known, checked))

    def _answer(self, known: Facts, fallen: NDArray[np.uint64]) -> Evaluation:
        """Without reasons."""
        eligible, treatments, dropped_by_stage = self.units.left(fallen)
        return Evaluation(
            actions=self.actions,
            eligible=eligible,
            numbers={column.name: column.evaluate(known)[eligible] for column in self.numbers},
            dropped_by_stage=dropped_by_stage,
            dropped=(),
            segments=(),
            dropped_treatments=self.units.dropped_treatments(treatments, eligible),
        )

    def segments_of(self, facts: Mapping[str, Feature], now_ms: int) -> tuple[str, ...]:
        program = self.segments.program
        verdicts = program.run(self._facts(facts, now_ms, program.readers))
        return tuple(name for name, slot in self.segments.slots.items() if verdicts[slot] == TRUE)

    def _facts(self, facts: Mapping[str, Feature], now_ms: int, readers: Readers) -> Facts:
        return self._known(read_values(self.columns, facts), now_ms, readers)

    def _known(self, values: list[Any], now_ms: int, readers: Readers) -> Facts:
        return Facts(values, to_datetime(now_ms), self.environment, readers)

    def _fallen(self, known: Facts, checked: int) -> NDArray[np.uint64]:
        """What falls by anything; `checked` by the checks."""
        fallen = self.settled | checked
        values: list[Any] = known.values
        for holder in self.holders:
            value = values[holder.index]
            if value is None:
                value = holder.default
            fallen |= holder.unknown if value is None else holder.fallen(value)
        words = words_of(fallen, self.units.width).copy()
        self.lookups.add(words, values, known.now)
        return words

    def _checked(self, verdicts: Sequence[Verdict]) -> int:
        fallen = 0
        for slot, by_verdict in self.checks:
            mask = by_verdict[verdicts[slot]]
            if mask:
                fallen |= mask
        return fallen

    def _reasons(
        self,
        explanations: Explanations,
        fallen: Mapping[Stage, int],
        evaluation: Evaluation,
        explain_actions: Collection[str],
    ) -> tuple[DroppedAction, ...]:
        """Of actions, then of treatments whose actions did not fall."""
        wanted = frozenset(explain_actions)
        found = [
            explanations.of(self.actions[index], stage, self.rules[index])
            for stage, mask in fallen.items()
            for index in self.units.actions_in(mask).tolist()
            if not wanted or self.actions[index] in wanted
        ]
        dropped = set(evaluation.dropped_treatments)
        for stage, mask in fallen.items() if dropped else ():
            for place in self.units.treatments_in(mask).tolist():
                treatment, index = self.units.treatments[place], int(self.units.treatment_action[place])
                if treatment in dropped and (not wanted or self.actions[index] in wanted):
                    rules = (*self.rules[index], *self.treatment_rules[place])
                    found.append(explanations.of(self.actions[index], stage, rules, treatment))
        return tuple(found)

    @property
    def constant_work(self) -> int:
        """What every evaluation takes of the library, whatever the facts."""
        groups = [group for column in self.numbers for group in column.groups]
        return self.program.constant_work + sum(each.constant_work for each in groups if isinstance(each, OpaqueGroup))

    def _cost(self) -> int:
        """Distinct predicates, in native tests."""
        tests = sum(len(probe.tests) for probe in self.program.probes)
        opaque = sum(isinstance(step, OpaqueStep) for step in self.program.steps)
        opaque += sum(isinstance(group, OpaqueGroup) for column in self.numbers for group in column.groups)
        lookups = self.lookups.count + len(self.holders)
        return tests + len(self.program.steps) + _LOOKUP_COST * lookups + _OPAQUE_COST * opaque


def _outcome(compute: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | TandemError:
    try:
        return compute(*args, **kwargs)
    except TandemError as refused:
        return refused
