"""The engine that a rule set asks for."""

from __future__ import annotations

from collections.abc import Mapping

from services.rules.domain.evaluation import Compilation, RuleEngine
from services.rules.domain.rule_set import EngineKind, Finding, RuleSet


class ChosenEngine:
    """See RuleEngine."""

    def __init__(self, engines: Mapping[EngineKind, RuleEngine]) -> None:
        self._engines = engines

    def check(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        return self._engines[rule_set.engine].check(rule_set)

    def compile(self, rule_set: RuleSet) -> Compilation:
        return self._engines[rule_set.engine].compile(rule_set)
