"""ActivatePolicy: decisions use another published version from now on."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.app.active_policies import ActivePolicies, ActivePolicy
from services.orchestrator.app.policy_parts_publisher import PartPublishers
from services.orchestrator.app.policy_store import PolicyStore, Receipt
from services.orchestrator.app.publish import MAX_ATTEMPTS, too_much_change
from services.orchestrator.app.receipts import earlier_answer, receipt_of
from services.orchestrator.app.volume.amounts import Amounts
from shared.ids import content_hash

RPC = "ActivatePolicy"


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """A published policy, without its content."""

    policy_version: str
    name: str
    active: bool
    publish_time_ms: int


class ActivatePolicy:
    """The other services follow first, so that what decisions read can be written; then the pointer moves.

    Two activations at once end with all agreeing: each one tells the others before it moves the pointer, and starts
    again when the pointer moved in between.
    """

    def __init__(self, store: PolicyStore, parts: PartPublishers, policies: ActivePolicies, amounts: Amounts) -> None:
        self._store = store
        self._parts = parts
        self._policies = policies
        self._amounts = amounts

    async def __call__(self, request_id: str, policy_version: str) -> PolicySummary:
        """Raises NotFound (POLICY_NOT_FOUND), FailedPrecondition (AMOUNT_BELOW_COMMITTED), AlreadyExists
        (REQUEST_ID_REUSED), Unavailable, Aborted."""
        body_hash = content_hash(policy_version)
        earlier = await earlier_answer(self._store, RPC, request_id, body_hash, PolicySummary)
        if earlier is not None:
            return earlier
        policy = await self._policies.get(policy_version)
        summary = PolicySummary(
            policy_version, policy.settings.name, active=True, publish_time_ms=policy.publish_time_ms
        )
        await self._move_pointer(policy, receipt_of(RPC, request_id, body_hash, summary))
        await self._policies.refresh()
        return summary

    async def _move_pointer(self, policy: ActivePolicy, receipt: Receipt) -> None:
        for _ in range(MAX_ATTEMPTS):
            pointer = await self._store.active()
            await self._amounts.prepare(policy.compiled.volume)
            await self._parts.activate(policy.compiled, policy.versions)
            if await self._store.activate(policy.versions.policy, receipt, pointer):
                return
        raise too_much_change(policy.versions.policy)
