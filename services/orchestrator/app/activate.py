"""ActivatePolicy and RollBackPolicy: decisions use another published version from now on."""

from __future__ import annotations

from services.orchestrator.app.policy_life import Change, PolicyLife, PolicySummary, Target, switch
from services.orchestrator.app.policy_register import Activation, RegisteredPolicy
from services.orchestrator.app.policy_store import ActivePointer
from services.orchestrator.app.receipts import earlier_answer
from services.orchestrator.domain.policy_state import lacks
from shared.errors import FailedPrecondition
from shared.ids import content_hash


class ActivatePolicy:
    RPC = "ActivatePolicy"

    def __init__(self, life: PolicyLife) -> None:
        self._life = life

    async def __call__(self, request_id: str, policy_version: str, actor: str = "") -> PolicySummary:
        """Raises NotFound (POLICY_NOT_FOUND), FailedPrecondition (POLICY_NOT_APPROVED, AMOUNT_BELOW_COMMITTED),
        AlreadyExists (REQUEST_ID_REUSED), Unavailable, Aborted."""
        body_hash = content_hash((policy_version, actor) if actor else policy_version)
        earlier = await earlier_answer(self._life.store, self.RPC, request_id, body_hash, PolicySummary)
        if earlier is not None:
            return earlier

        async def choose(pointer: ActivePointer) -> Target:
            policy = await self._life.registered(policy_version)
            self._check(policy, pointer)
            return Target(policy)

        return await switch(self._life, Change(self.RPC, request_id, body_hash, actor), choose)

    def _check(self, policy: RegisteredPolicy, pointer: ActivePointer) -> None:
        lacking = lacks(self._life.approving, policy.authors, policy.approver)
        if lacking:
            state = policy.state(pointer).name
            raise FailedPrecondition(
                "POLICY_NOT_APPROVED",
                f"policy {policy.policy_version} is {state}: {lacking}",
                metadata={"policy_version": policy.policy_version, "state": state},
            )


class RollBackPolicy:
    """Back to what was active before the active version; rolled back again, to the one before that: two people who roll
    back at once must not bring back what they both want gone.

    No approval is asked for: what it goes back to decided before. It is for emergencies.
    """

    RPC = "RollBackPolicy"

    def __init__(self, life: PolicyLife) -> None:
        self._life = life

    async def __call__(self, request_id: str, from_version: str = "", actor: str = "") -> PolicySummary:
        """`from_version`: what is to be rolled back; empty: whatever is active. Raises FailedPrecondition
        (NO_ACTIVE_POLICY, POLICY_NOT_ACTIVE, NO_EARLIER_POLICY, AMOUNT_BELOW_COMMITTED), AlreadyExists
        (REQUEST_ID_REUSED), Unavailable, Aborted."""
        body_hash = content_hash((from_version, actor))
        earlier = await earlier_answer(self._life.store, self.RPC, request_id, body_hash, PolicySummary)
        if earlier is not None:
            return earlier

        async def choose(pointer: ActivePointer) -> Target:
            _check_active(pointer, from_version)
            back = await self._before(pointer)
            return Target(await self._life.registered(back.policy_version), back.origin)

        return await switch(self._life, Change(self.RPC, request_id, body_hash, actor), choose)

    async def _before(self, pointer: ActivePointer) -> Activation:
        register, version = self._life.register, pointer.policy_version
        active = await register.activation(pointer.generation)
        origin = pointer.generation if active is None else active.origin
        back = await register.before(origin, version)
        if back is None:
            raise FailedPrecondition(
                "NO_EARLIER_POLICY",
                f"no other policy was active before {version}: there is nothing to roll back to",
                metadata={"policy_version": version},
            )
        return back


def _check_active(pointer: ActivePointer, from_version: str) -> None:
    if not pointer.generation:
        raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
    if from_version and pointer.policy_version != from_version:
        raise FailedPrecondition(
            "POLICY_NOT_ACTIVE",
            f"policy {from_version} is not active: {pointer.policy_version} is",
            metadata={"policy_version": from_version, "active": pointer.policy_version},
        )
