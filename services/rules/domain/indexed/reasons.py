"""Why an action fell: the rule, and the parts of it that failed. Runs only when asked.

The index decides by whole clauses and keeps no verdict of their parts, so what is explained is judged again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.rules.domain.condition import (
    AllOf,
    AnyOf,
    Atom,
    Condition,
    Fixed,
    Membership,
    Not,
    Opaque,
    Test,
    operands,
)
from services.rules.domain.evaluation import DroppedAction, FailedTest
from services.rules.domain.indexed.clauses import DropWhen
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN, Verdict
from services.rules.domain.rule_set import Stage
from services.rules.domain.threshold import threshold
from services.rules.domain.why.change import SmallestChange
from services.rules.domain.why.judging import Judges, Subject
from services.rules.domain.written import OnUnknown
from shared.cel.library import TooManySteps
from shared.values import NOT_FOUND, Feature, FeatureStatus

_MAX_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule as it applies to some actions."""

    rule_id: str
    stage: Stage
    drop: DropWhen
    condition: Condition


class Thresholds:
    """What tests compare with, in words; of one rule set. Threads may share it."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Test, str]] = {}

    def of(self, test: Test) -> str:
        # By identity, and kept with the test, so that its identity stays its own.
        kept = self._kept.get(id(test))
        if kept is None:
            if len(self._kept) >= _MAX_KEPT:
                self._kept = {}
            kept = self._kept[id(test)] = test, threshold(test)
        return kept[1]


class Reasons:
    """Of one evaluation. A rule is explained once, however many actions it drops."""

    def __init__(self, judges: Judges, thresholds: Thresholds, subject: Subject, facts: Mapping[str, Feature]) -> None:
        self._judges = judges
        self._thresholds = thresholds
        self._subject = subject
        self._facts = facts
        self._verdicts: dict[int, Verdict] = {}
        self._failed: dict[int, tuple[FailedTest, ...]] = {}

    def dropped(
        self,
        action: str,
        stage: Stage,
        rules: Sequence[RuleEntry],
        treatment: str = "",
        smallest_change: SmallestChange | None = None,
    ) -> DroppedAction:
        """`rules` are those of the action, inherited ones first; behind them those of the treatment that fell alone."""
        for entry in rules:
            if entry.stage is stage and (failed := self._of(entry)):
                first = failed[0]
                evidence = first.attribute, first.observed, first.status, first.threshold
                return DroppedAction(action, stage, entry.rule_id, *evidence, failed, treatment, smallest_change)
        raise AssertionError(f"no {stage.name} rule drops {action}")

    def _of(self, entry: RuleEntry) -> tuple[FailedTest, ...]:
        """Empty where the rule drops nothing."""
        key = id(entry)
        if key not in self._failed:
            drops = entry.drop[self._verdict(entry.condition)]
            self._failed[key] = self._explained(entry) if drops else ()
        return self._failed[key]

    def _explained(self, entry: RuleEntry) -> tuple[FailedTest, ...]:
        first = self._blamed(entry.condition)
        others = self._failing(entry.condition, entry.drop, negated=False)
        return tuple(dict.fromkeys(self._evidence(*each) for each in (first, *others)))

    def _verdict(self, condition: Condition) -> Verdict:
        key = id(condition)
        if key not in self._verdicts:
            try:
                self._verdicts[key] = self._judges.of(condition)(self._subject)
            except TooManySteps:
                self._verdicts[key] = UNKNOWN
        return self._verdicts[key]

    def _blamed(self, condition: Condition) -> tuple[Atom, bool]:
        """The atom that made the verdict, and whether it stands under an odd number of negations.

        Of several parts the first whose own verdict is that of the whole: the first false conjunct of a false `&&`,
        the first unknown one of an unknown `&&`, the first disjunct of a false `||`.
        """
        negated = False
        while not isinstance(condition, Test | Fixed | Opaque):
            if isinstance(condition, Not):
                negated = not negated
            if isinstance(condition, AllOf | AnyOf):
                verdict = self._verdict(condition)
                condition = next(part for part in condition.operands if self._verdict(part) == verdict)
            else:
                (condition,) = operands(condition)
        return condition, negated

    def _failing(self, condition: Condition, drop: DropWhen, *, negated: bool) -> Iterator[tuple[Atom, bool]]:
        """Every atom whose verdict, in its place, is not what would keep the action."""
        if not drop[self._verdict(condition)]:
            return
        match condition:
            case Not(operand=operand):
                yield from self._failing(operand, drop.negated, negated=not negated)
            case AllOf(operands=parts) | AnyOf(operands=parts):
                for part in parts:
                    yield from self._failing(part, drop, negated=negated)
            case Membership(condition=inner, on_unknown=on_unknown):
                unknown = drop[TRUE if on_unknown is OnUnknown.PASS else FALSE]
                yield from self._failing(inner, drop._replace(unknown=unknown), negated=negated)
            case _:
                yield condition, negated

    def _evidence(self, atom: Atom, negated: bool) -> FailedTest:
        attribute, observed, text = self._observed(atom)
        status = observed.status if attribute else None
        value = observed.value if status in (FeatureStatus.PRESENT, FeatureStatus.STALE) else None
        return FailedTest(attribute, value, status, f"not {text}" if negated else text)

    def _observed(self, atom: Atom) -> tuple[str, Feature, str]:
        """Attribute, what it held, and what that was compared with."""
        match atom:
            case Test():
                return atom.term.attribute, self._feature(atom.term.attribute), self._thresholds.of(atom)
            case Fixed():
                return atom.attribute, atom.observed, atom.threshold
            case Opaque():
                attribute = self._read_first(atom)
                return attribute, self._feature(attribute), atom.text

    def _read_first(self, atom: Opaque) -> str:
        """The first attribute it read; of an unknown expression the first unknown one."""
        unknown = [name for name in atom.attributes if not self._feature(name).is_known]
        candidates = unknown if unknown and self._verdict(atom) == UNKNOWN else atom.attributes
        return next(iter(candidates), "")

    def _feature(self, name: str) -> Feature:
        return self._facts.get(name, NOT_FOUND)
