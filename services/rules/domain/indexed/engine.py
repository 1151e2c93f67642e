"""The indexed engine: compiles a rule set to predicates that all actions share."""

from __future__ import annotations

from services.rules.domain.evaluation import Compilation
from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.indexed.compiler import Compiler
from services.rules.domain.rule_set import Finding, RuleSet
from services.rules.domain.rule_set_check import check_rule_set


class IndexedEngine:
    """See RuleEngine. Keeps what it read, so that a rule set much like the last one compiles fast."""

    def __init__(self) -> None:
        self._cache = CompileCache()

    def check(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        return check_rule_set(rule_set, self._cache.known)[0]

    def compile(self, rule_set: RuleSet) -> Compilation:
        findings, checked = check_rule_set(rule_set, self._cache.known)
        if checked is None:
            return Compilation(findings, None)
        environment = checked.environment
        segments = [segment.segment_id for segment in checked.segments]
        known = self._cache.known(environment.variables, segments)
        return Compilation(findings, Compiler(checked, known).policy())
