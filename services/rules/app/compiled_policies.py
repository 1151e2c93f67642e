"""Compiled rule sets by version: the most recently used ones, the others compiled again from the store."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from services.rules.app.ports import RuleSetStore
from services.rules.app.read_rule_sets import rule_set_not_found
from services.rules.domain.evaluation import EngagementPolicy, RuleEngine
from services.rules.domain.rule_set import Finding
from shared.cel.problems import Severity
from shared.errors import FailedPrecondition

MAX_POLICIES = 8


class CompiledPolicies:
    """Callers that ask for the same version at the same time share one compilation."""

    def __init__(self, store: RuleSetStore, engine: RuleEngine, max_policies: int = MAX_POLICIES) -> None:
        self._store = store
        self._engine = engine
        self._max_policies = max_policies
        self._policies: OrderedDict[str, EngagementPolicy] = OrderedDict()
        self._loading: dict[str, asyncio.Task[EngagementPolicy]] = {}

    async def get(self, version: str) -> EngagementPolicy:
        """Raises NotFound."""
        policy = self._policies.get(version)
        if policy is None:
            return await self._shared_load(version)
        self._policies.move_to_end(version)
        return policy

    def put(self, version: str, policy: EngagementPolicy) -> None:
        self._policies[version] = policy
        self._policies.move_to_end(version)
        while len(self._policies) > self._max_policies:
            self._policies.popitem(last=False)

    async def _shared_load(self, version: str) -> EngagementPolicy:
        task = self._loading.get(version)
        if task is None:
            task = asyncio.create_task(self._load(version))
            self._loading[version] = task
            task.add_done_callback(lambda _: self._loading.pop(version, None))
        # A caller that gives up does not take the compilation from the others.
        return await asyncio.shield(task)

    async def _load(self, version: str) -> EngagementPolicy:
        rule_set = await self._store.get(version)
        if rule_set is None:
            raise rule_set_not_found(version)
        compilation = await asyncio.to_thread(self._engine.compile, rule_set)
        if compilation.policy is None:
            raise _outdated(version, compilation.findings)
        self.put(version, compilation.policy)
        return compilation.policy


def _outdated(version: str, findings: Sequence[Finding]) -> FailedPrecondition:
    """A version before this one let through what is an error now."""
    found = next(each for each in findings if each.severity is Severity.ERROR)
    place = f"{found.position.file}:{found.position.line}:{found.position.column}"
    text = f"rule set {version} holds what is refused by now, publish it again: {place} {found.code} {found.message}"
    return FailedPrecondition("RULE_SET_OUTDATED", text, metadata={"rule_set_version": version})
