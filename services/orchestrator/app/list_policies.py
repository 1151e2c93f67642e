"""GetPolicy and ListPolicies: which versions there are, what became of them, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.orchestrator.app.policy_life import PolicyLife, PolicySummary, summary_of
from services.orchestrator.app.policy_register import PolicyCursor
from services.orchestrator.app.policy_store import PolicyVersions
from shared.errors import FailedPrecondition


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """The newest first. `after`: where the next page begins; None at the end."""

    policies: tuple[PolicySummary, ...]
    after: PolicyCursor | None = None


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    summary: PolicySummary
    versions: PolicyVersions
    files: Mapping[str, bytes]


class ListPolicies:
    def __init__(self, life: PolicyLife) -> None:
        self._life = life

    async def __call__(self, limit: int, after: PolicyCursor | None = None) -> PolicyPage:
        pointer = await self._life.store.active()
        found = await self._life.register.newest(limit + 1, after)
        page = found[:limit]
        summaries = tuple(summary_of(each, pointer) for each in page)
        return PolicyPage(summaries, page[-1].cursor if len(found) > limit else None)

    async def get(self, policy_version: str = "") -> StoredPolicy:
        """The active one, where none is named. Raises NotFound (POLICY_NOT_FOUND), FailedPrecondition
        (NO_ACTIVE_POLICY)."""
        pointer = await self._life.store.active()
        version = policy_version or pointer.policy_version
        if not version:
            raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
        registered, record = await self._life.registered(version), await self._life.store.get(version)
        assert record is not None, "what is registered is stored"
        return StoredPolicy(summary_of(registered, pointer), record.versions, record.files)
