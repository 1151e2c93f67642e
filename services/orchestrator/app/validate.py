"""ValidatePolicy: all that is wrong with a folder, from its YAML to its conditions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import Compilation
from services.orchestrator.domain.policy.findings import in_order
from services.orchestrator.domain.policy.source_map import SourceMap, expressions_of
from services.orchestrator.domain.policy_parts import Finding, RuleSetPart


class RuleSetChecker(Protocol):
    """What of RuleSetPublisher checking needs."""

    async def validate_rule_set(self, rule_set: RuleSetPart) -> tuple[Finding, ...]: ...


class ValidatePolicy:
    """Answers findings in order of place. Stores nothing."""

    def __init__(self, rules: RuleSetChecker) -> None:
        self._rules = rules

    async def __call__(self, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
        return (await examine(files, self._rules)).findings


async def examine(files: Mapping[str, bytes], rules: RuleSetChecker) -> Compilation:
    """Compiles the folder and has its conditions checked, even when something else is wrong with it.

    Raises Unavailable when the rules service does not answer.
    """
    compilation = await asyncio.to_thread(compile_policy, files)
    if compilation.rule_set is None:
        return compilation
    of_conditions = await rules.validate_rule_set(compilation.rule_set)
    source = SourceMap(files, expressions_of(compilation.rule_set))
    findings = in_order([*compilation.findings, *map(source.corrected, of_conditions)])
    is_refused = any(finding.is_error for finding in findings)
    return replace(compilation, findings=findings, policy=None if is_refused else compilation.policy)
