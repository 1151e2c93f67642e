"""Explains what a rule set dropped, whichever engine evaluated it: reasons, and the smallest change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.rules.domain.condition import Membership
from services.rules.domain.evaluation import DroppedAction, Explain
from services.rules.domain.indexed.reasons import Reasons, RuleEntry, Thresholds
from services.rules.domain.rule_set import AttributeDeclaration, Stage
from services.rules.domain.why.clause import Clauses
from services.rules.domain.why.judging import Judges, Subject
from services.rules.domain.why.smallest_change import SmallestChanges
from shared.values import Feature, Value


class Explainer:
    """Of one compiled rule set; threads may share it. It fills with what is asked for: unasked, it holds nothing."""

    def __init__(self, attributes: Iterable[AttributeDeclaration], segments: Mapping[str, Membership]) -> None:
        self._attributes = {each.name: each for each in attributes}
        self._judges = Judges(segments, {each.name: each.type for each in self._attributes.values()})
        self._thresholds = Thresholds()
        self._clauses = Clauses(self._judges)

    def about(
        self, facts: Mapping[str, Feature], values: Sequence[Value], now: datetime, explain: Explain
    ) -> Explanations:
        """`values` are the facts as conditions read them, None for unknown, in the order of the declarations."""
        of_names = dict(zip(self._attributes, values, strict=False))
        changes = None
        if explain is Explain.FULL:
            changes = SmallestChanges(self._attributes, self._clauses, facts, of_names, now)
        return Explanations(Reasons(self._judges, self._thresholds, Subject(of_names, now), facts), changes)


class Explanations:
    """Of one evaluation, by one thread."""

    def __init__(self, reasons: Reasons, changes: SmallestChanges | None) -> None:
        self._reasons = reasons
        self._changes = changes

    def of(self, action: str, stage: Stage, rules: Sequence[RuleEntry], treatment: str = "") -> DroppedAction:
        """`stage` is the one at which it fell; `rules` are all it must pass, those of the action first.

        A treatment that fell alone is explained by the rules of its action and its own.
        """
        change = None if self._changes is None else self._changes.of(rules)
        return self._reasons.dropped(action, stage, rules, treatment, change)
