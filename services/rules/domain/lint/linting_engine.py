"""An engine whose check also says what is suspicious."""

from __future__ import annotations

from collections.abc import Callable

from services.rules.domain.evaluation import Compilation, RuleEngine
from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.lint.budget import Budget
from services.rules.domain.lint.lint import LintReport, lint
from services.rules.domain.rule_set import Finding, RuleSet
from shared.cel.problems import Severity
from shared.clock import Clock, to_datetime

Listener = Callable[[LintReport], None]


class LintingEngine:
    """Implements RuleEngine. Compiling lints nothing: what is published was checked before.

    `cache` is that of the engine, so that nothing is read twice. `heard` is told what was found, and what was not
    decided.
    """

    def __init__(self, engine: RuleEngine, cache: CompileCache, clock: Clock, heard: Listener = lambda _: None) -> None:
        self._engine = engine
        self._cache = cache
        self._clock = clock
        self._heard = heard

    def check(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        findings = self._engine.check(rule_set)
        if any(finding.severity is Severity.ERROR for finding in findings):
            return findings
        _, checked = self._cache.checked(rule_set)
        if checked is None:
            return findings
        names = [segment.segment_id for segment in checked.segments]
        known = self._cache.known(checked.environment.variables, names)
        report = lint(checked, known, to_datetime(self._clock()), Budget())
        self._heard(report)
        return (*findings, *report.findings)

    def compile(self, rule_set: RuleSet) -> Compilation:
        return self._engine.compile(rule_set)
