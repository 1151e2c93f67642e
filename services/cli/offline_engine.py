"""The engine of commands that need no server: finds what the rules service would, and answers by the index.

Whichever engine a policy asks for, the index gives the same answers; what durable-rules would refuse is found by its
guards, which need no process of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.rules.app.triggers.guards import TriggerGuards
from services.rules.domain.evaluation import Compilation, RuleEngine
from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.matching import MessageRules, Refusal
from services.rules.domain.rule_set import EngineKind, Finding, RuleSet
from shared.cel.problems import Severity
from shared.clock import system_clock


class OfflineEngine:
    """Implements RuleEngine."""

    def __init__(self) -> None:
        self._cache = CompileCache()
        self._indexed = IndexedEngine(self._cache)

    def check(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        """With what is suspicious; `compile` says only what is wrong."""
        from services.rules.domain.lint.linting_engine import LintingEngine

        engine = TriggerGuards(self._checking(rule_set), guard)
        return LintingEngine(engine, self._cache, system_clock).check(rule_set)

    def compile(self, rule_set: RuleSet) -> Compilation:
        if rule_set.engine is EngineKind.DURABLE:
            findings = self._checking(rule_set).check(rule_set)
            if any(finding.severity is Severity.ERROR for finding in findings):
                return Compilation(findings, None)
        return TriggerGuards(self._indexed, guard).compile(rule_set)

    def _checking(self, rule_set: RuleSet) -> RuleEngine:
        if rule_set.engine is not EngineKind.DURABLE:
            return self._indexed
        from services.rules.domain.matched.engine import MatchedEngine

        return MatchedEngine(guard)


def guard(rules: MessageRules) -> Sequence[Refusal]:
    """What durable-rules cannot hold."""
    from services.rules.adapters.durable.compilation import compile_rules

    return compile_rules(rules)[1]
