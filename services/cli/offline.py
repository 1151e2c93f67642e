"""A policy without a server: checked as PublishPolicy would, and evaluated by the engine of the rules service."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from services.cli.offline_engine import OfflineEngine
from services.local.rule_sets import LocalRuleSetChecker, finding_of, rule_set_of
from services.orchestrator.app.validate import examine
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy.findings import in_order
from services.orchestrator.domain.policy.source_map import SourceMap, expressions_of
from services.orchestrator.domain.policy_parts import Finding
from services.rules.domain.evaluation import EngagementPolicy
from services.rules.domain.rule_set import RuleSet


@dataclass(frozen=True, slots=True)
class OfflinePolicy:
    """A policy that can be asked."""

    policy: CompiledPolicy
    rule_set: RuleSet
    engagement: EngagementPolicy


@contextmanager
def collector_paused() -> Iterator[None]:
    """For work that makes a great many objects and drops them all at once: nothing of them is a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def findings_of(files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Exactly what PublishPolicy would find."""
    return asyncio.run(examine(files, LocalRuleSetChecker(OfflineEngine()))).findings


def compiled(files: Mapping[str, bytes]) -> tuple[tuple[Finding, ...], OfflinePolicy | None]:
    """What is wrong with the folder, and the policy if none of it is an error."""
    compilation = compile_policy(files)
    if compilation.rule_set is None:
        return compilation.findings, None
    rule_set = rule_set_of(compilation.rule_set)
    found = OfflineEngine().compile(rule_set)
    source = SourceMap(files, expressions_of(compilation.rule_set))
    of_rules = (source.corrected(finding_of(each)) for each in found.findings)
    findings = in_order([*compilation.findings, *of_rules])
    if compilation.policy is None or found.policy is None:
        return findings, None
    return findings, OfflinePolicy(compilation.policy, rule_set, found.policy)
