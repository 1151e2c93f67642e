"""Why an action fell: walks back from the verdicts to the rule and the part of it that failed. Runs only when asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from services.rules.domain.evaluation import DroppedAction
from services.rules.domain.indexed.assembly import Slots
from services.rules.domain.indexed.clauses import DropWhen
from services.rules.domain.indexed.program import membership
from services.rules.domain.kleene import UNKNOWN, Verdict, conjunction, disjunction, negation
from services.rules.domain.rule_set import Stage
from services.rules.domain.threshold import threshold
from shared.values import NOT_FOUND, Feature, FeatureStatus, Value


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule as it applies to some actions."""

    rule_id: str
    stage: Stage
    drop: DropWhen
    condition: Condition


SlotsById = Mapping[int, int]
"""Slots by the identity of a condition object: hashing a condition would cost more than explaining it."""

Evidence = tuple[str, Value, FeatureStatus | None, str]
"""Attribute, what it held, its status, what that was compared with."""


def slots_by_id(rules: Iterable[RuleEntry], slots: Slots) -> SlotsById:
    """Of the conditions of the rules and everything below them, as far as they have slots."""
    found: dict[int, int] = {}
    waiting: list[Condition] = [entry.condition for entry in rules]
    while waiting:
        condition = waiting.pop()
        if condition in slots:
            found[id(condition)] = slots[condition]
        waiting += operands(condition)
    return found


class Reasons:
    """Of one evaluation. A rule is explained once, however many actions it drops."""

    def __init__(self, slots: SlotsById, verdicts: Sequence[Verdict], facts: Mapping[str, Feature]) -> None:
        self._slots = slots
        self._verdicts = verdicts
        self._facts = facts
        self._evidence: dict[int, Evidence | None] = {}

    def dropped(self, action: str, stage: Stage, rules: Sequence[RuleEntry]) -> DroppedAction:
        """`rules` are those of the action, inherited ones first."""
        for entry in rules:
            if entry.stage is stage:
                evidence = self._evidence_of(entry)
                if evidence is not None:
                    return DroppedAction(action, stage, entry.rule_id, *evidence)
        raise AssertionError(f"no {stage.name} rule drops {action}")

    def _evidence_of(self, entry: RuleEntry) -> Evidence | None:
        """None where the rule drops nothing."""
        key = id(entry)
        if key not in self._evidence:
            drops = entry.drop[self._verdict(entry.condition)]
            self._evidence[key] = self._explained(entry.condition) if drops else None
        return self._evidence[key]

    def _explained(self, condition: Condition) -> Evidence:
        atom, negated = self._blamed(condition)
        attribute, observed, text = self._observed(atom)
        status = observed.status if attribute else None
        value = observed.value if status in (FeatureStatus.PRESENT, FeatureStatus.STALE) else None
        return attribute, value, status, f"not {text}" if negated else text

    def _verdict(self, condition: Condition) -> Verdict:
        slot = self._slots.get(id(condition))
        if slot is not None:
            return self._verdicts[slot]
        below = [self._verdict(part) for part in operands(condition)]
        match condition:
            case AllOf():
                return conjunction(below)
            case AnyOf():
                return disjunction(below)
            case Not():
                return negation(below[0])
            case Membership(on_unknown=on_unknown):
                return membership(below[0], on_unknown)
            case _:
                raise AssertionError(f"{condition} has no slot")

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

    def _observed(self, atom: Atom) -> tuple[str, Feature, str]:
        """Attribute, what it held, and what that was compared with."""
        match atom:
            case Test():
                return atom.term.attribute, self._feature(atom.term.attribute), threshold(atom)
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
