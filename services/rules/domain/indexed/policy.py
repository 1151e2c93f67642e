"""A rule set compiled to bitsets.

    everyone   one bit per action
    checks     per stage, (slot, masks): masks[verdict] are the actions that fall when the slot has that verdict,
               so one look and one OR per distinct predicate decide for all actions

An action falls at the earliest stage that has a bit for it; what a stage drops is counted by popcount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.rules.domain.evaluation import DroppedAction, Evaluation, Explain
from services.rules.domain.indexed.facts import Column, Facts, Readers
from services.rules.domain.indexed.members import members_of
from services.rules.domain.indexed.numbers import NumberColumn, OpaqueGroup
from services.rules.domain.indexed.program import OpaqueStep, Program
from services.rules.domain.indexed.reasons import Reasons, RuleEntry, SlotsById
from services.rules.domain.kleene import TRUE, Verdict
from services.rules.domain.rule_set import Stage
from shared.cel.library import CelEnvironment
from shared.clock import to_datetime
from shared.values import Feature

Masks = tuple[int, int, int]
"""By verdict: FALSE, TRUE, UNKNOWN."""

_QUICK_PREDICATES = 5_000
_OPAQUE_COST = 30  # a call of the library, in native tests
_QUICK_REASONS = 200


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """The segments, for those who ask which ones the subject is in."""

    program: Program
    slots: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class IndexedPolicy:
    actions: tuple[str, ...]
    columns: tuple[Column, ...]
    environment: CelEnvironment
    program: Program
    checks: Mapping[Stage, tuple[tuple[int, Masks], ...]]
    numbers: tuple[NumberColumn, ...]
    readers: Readers
    segments: SegmentTable
    slots: SlotsById
    rules: tuple[tuple[RuleEntry, ...], ...]
    """Per action, inherited ones first."""
    predicates: int

    def is_quick(self, explain: Explain) -> bool:
        return self.predicates < _QUICK_PREDICATES and (explain is Explain.NONE or len(self.actions) < _QUICK_REASONS)

    def evaluate(self, facts: Mapping[str, Feature], now_ms: int, explain: Explain) -> Evaluation:
        known = self._facts(facts, now_ms, self.readers)
        verdicts = self.program.run(known)
        alive, fallen = self._survivors(verdicts)
        eligible = members_of(alive, len(self.actions))
        return Evaluation(
            actions=self.actions,
            eligible=eligible,
            numbers={column.name: column.evaluate(known)[eligible] for column in self.numbers},
            dropped_by_stage={stage: mask.bit_count() for stage, mask in fallen.items()},
            dropped=self._reasons(fallen, verdicts, facts) if explain > Explain.NONE else (),
            segments=self._segments_of(facts, now_ms) if explain is Explain.FULL else (),
        )

    def _facts(self, facts: Mapping[str, Feature], now_ms: int, readers: Readers) -> Facts:
        values = [column.read(facts.get(column.name)) for column in self.columns]
        return Facts(values, to_datetime(now_ms), self.environment, readers)

    def _survivors(self, verdicts: Sequence[Verdict]) -> tuple[int, Mapping[Stage, int]]:
        """The actions that are left, and those that fell by stage."""
        alive = (1 << len(self.actions)) - 1
        fallen: dict[Stage, int] = {}
        for stage, checks in self.checks.items():
            dropped = 0
            for slot, masks in checks:
                mask = masks[verdicts[slot]]
                if mask:
                    dropped |= mask
            fallen[stage] = dropped & alive
            alive &= ~dropped
        return alive, fallen

    def _reasons(
        self, fallen: Mapping[Stage, int], verdicts: Sequence[Verdict], facts: Mapping[str, Feature]
    ) -> tuple[DroppedAction, ...]:
        reasons = Reasons(self.slots, verdicts, facts)
        return tuple(
            reasons.dropped(self.actions[index], stage, self.rules[index])
            for stage, mask in fallen.items()
            for index in members_of(mask, len(self.actions)).tolist()
        )

    def _segments_of(self, facts: Mapping[str, Feature], now_ms: int) -> tuple[str, ...]:
        program = self.segments.program
        verdicts = program.run(self._facts(facts, now_ms, program.readers))
        return tuple(name for name, slot in self.segments.slots.items() if verdicts[slot] == TRUE)


def predicate_count(program: Program, numbers: Sequence[NumberColumn]) -> int:
    """Distinct predicates; an expression of the library counts as many native ones as it costs."""
    tests = sum(len(probe.tests) for probe in program.probes)
    opaque = sum(isinstance(step, OpaqueStep) for step in program.steps)
    opaque += sum(isinstance(group, OpaqueGroup) for column in numbers for group in column.groups)
    return tests + len(program.steps) + _OPAQUE_COST * opaque
