"""ValidatePolicy: all that is wrong with a folder, from its YAML to its conditions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.domain.policy.changed_currency import changed_currency
from services.orchestrator.domain.policy.changed_forms import changed_forms
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import Compilation, CompiledPolicy
from services.orchestrator.domain.policy.findings import in_order
from services.orchestrator.domain.policy.folder import policy_files
from services.orchestrator.domain.policy.source_map import SourceMap, expressions_of
from services.orchestrator.domain.policy_parts import Finding, Place, RuleSetPart


class RuleSetChecker(Protocol):
    """What of RuleSetPublisher checking needs."""

    async def validate_rule_set(self, rule_set: RuleSetPart) -> tuple[Finding, ...]: ...


class ValidatePolicy:
    """Answers findings in order of place. Stores nothing."""

    def __init__(self, rules: RuleSetChecker, policies: ActivePolicies | None = None) -> None:
        """`policies` None: there is nothing that it could differ from."""
        self._rules = rules
        self._policies = policies

    async def __call__(self, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
        examined = await examine(files, self._rules)
        if examined.policy is None or self._policies is None:
            return examined.findings
        return in_order([*examined.findings, *await differences(examined.policy, files, self._policies)])


async def differences(
    policy: CompiledPolicy, files: Mapping[str, bytes], policies: ActivePolicies
) -> Sequence[Finding]:
    """What of the active policy it changes that meets what is recorded already: warnings."""
    active = await policies.current()
    if active is None:
        return ()
    before, after = active.compiled.trait_schema.namespaces, policy.trait_schema.namespaces
    return [
        *changed_forms(before, after, Place(min(policy_files(files)), 1, 1)),
        *changed_currency(active.settings.currency, policy.settings.currency, files),
    ]


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
