"""Where in the folder the rules are that dropped something."""

from __future__ import annotations

from collections.abc import Iterator

from services.orchestrator.domain.policy.findings import where
from services.orchestrator.domain.policy_parts import Place, RulePart, RuleSetPart, ScopePart
from services.rules.domain.evaluation import DroppedAction

_ABOVE = {"TREATMENT": "ACTION", "ACTION": "GROUP", "GROUP": "ISSUE", "ISSUE": "POLICY"}


class RulePlaces:
    def __init__(self, rule_set: RuleSetPart) -> None:
        self._scopes = {(scope.level, scope.scope_id): scope for scope in rule_set.scopes}

    def text(self, dropped: DroppedAction) -> str:
        """file:line:column of the rule's condition; "" where it cannot be told."""
        place = self.of(dropped)
        return where(place) if place is not None else ""

    def of(self, dropped: DroppedAction) -> Place | None:
        for rule in self._rules(dropped):
            if rule.rule_id == dropped.rule_id and rule.stage == dropped.stage.name:
                return rule.place
        return None

    def _rules(self, dropped: DroppedAction) -> Iterator[RulePart]:
        """Of a treatment those of its channel and its own; then those of the action, inherited ones first."""
        treatment = self._scopes.get(("TREATMENT", dropped.treatment)) if dropped.treatment else None
        if treatment is not None:
            channel = self._scopes.get(("CHANNEL", treatment.channel))
            yield from channel.rules if channel is not None else ()
            yield from treatment.rules
        lineage: list[ScopePart] = []
        scope = self._scopes.get(("ACTION", dropped.action))
        while scope is not None:
            lineage.append(scope)
            scope = self._scopes.get((_ABOVE.get(scope.level, ""), scope.parent_id))
        for each in reversed(lineage):
            yield from each.rules
