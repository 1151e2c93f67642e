"""The indexed engine: compiles a rule set to predicates that all actions share."""

from __future__ import annotations

from services.rules.domain.evaluation import Compilation
from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.indexed.compiler import Compiler
from services.rules.domain.rule_set import Finding, RuleSet
from services.rules.domain.written import NOWHERE
from shared.cel.problems import Severity
from shared.cel.work import MAX_WORK


class IndexedEngine:
    """See RuleEngine. Keeps what it read, so that a rule set much like the last one compiles fast."""

    def __init__(self, cache: CompileCache | None = None) -> None:
        self._cache = cache or CompileCache()

    def check(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        return self._cache.checked(rule_set)[0]

    def compile(self, rule_set: RuleSet) -> Compilation:
        findings, checked = self._cache.checked(rule_set)
        if checked is None:
            return Compilation(findings, None)
        environment = checked.environment
        segments = [segment.segment_id for segment in checked.segments]
        known = self._cache.known(environment.variables, segments)
        policy = Compiler(checked, known).policy()
        if policy.constant_work > MAX_WORK:
            message = (
                f"whatever the facts, one evaluation takes {policy.constant_work} steps of work for what the index "
                f"does not hold, patterns and loops above all; {MAX_WORK} are allowed"
            )
            return Compilation((*findings, Finding(NOWHERE, "LIMIT", message, Severity.ERROR)), None)
        return Compilation(findings, policy)
