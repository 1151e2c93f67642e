"""Why an action fell: walks back from the verdicts to the rule and the part of it that failed. Runs only when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from shared.values import NOT_FOUND, Feature, FeatureStatus


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule as it applies to some actions."""

    rule_id: str
    stage: Stage
    drop: DropWhen
    condition: Condition


class Reasons:
    """Of one evaluation. A rule explains itself once, however many actions it drops."""

    def __init__(self, slots: Slots, verdicts: Sequence[Verdict], facts: Mapping[str, Feature]) -> None:
        self._slots = slots
        self._verdicts = verdicts
        self._facts = facts
        self._known: dict[Condition, Verdict] = {}

    def dropped(self, action: str, stage: Stage, rules: Sequence[RuleEntry]) -> DroppedAction:
        """`rules` are those of the action, inherited ones first."""
        entry = next(each for each in rules if each.stage is stage and each.drop[self._verdict(each.condition)])
        atom, negated = self._blamed(entry.condition)
        attribute, observed, text = self._evidence(atom)
        status = observed.status if attribute else None
        value = observed.value if status in (FeatureStatus.PRESENT, FeatureStatus.STALE) else None
        return DroppedAction(action, stage, entry.rule_id, attribute, value, status, f"not {text}" if negated else text)

    def _verdict(self, condition: Condition) -> Verdict:
        slot = self._slots.get(condition)
        if slot is not None:
            return self._verdicts[slot]
        if condition not in self._known:
            self._known[condition] = self._combined(condition)
        return self._known[condition]

    def _combined(self, condition: Condition) -> Verdict:
        below = (self._verdict(part) for part in operands(condition))
        match condition:
            case AllOf():
                return conjunction(below)
            case AnyOf():
                return disjunction(below)
            case Not():
                return negation(next(below))
            case Membership(on_unknown=on_unknown):
                return membership(next(below), on_unknown)
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

    def _evidence(self, atom: Atom) -> tuple[str, Feature, str]:
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
