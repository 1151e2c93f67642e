"""What the use cases have in common that change which policies there are, and which one decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.policy_parts_publisher import PartPublishers
from services.orchestrator.app.policy_register import Activation, PolicyRegister, RegisteredPolicy
from services.orchestrator.app.policy_store import NOTHING_ACTIVE, Activating, ActivePointer, PolicyStore
from services.orchestrator.app.receipts import receipt_of
from services.orchestrator.app.volume.amounts import Amounts
from services.orchestrator.domain.policy_state import Approving, PolicyState
from shared.clock import Clock
from shared.errors import Aborted, NotFound, TandemError

MAX_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class PolicyLife:
    store: PolicyStore
    register: PolicyRegister
    parts: PartPublishers
    policies: ActivePolicies
    amounts: Amounts
    clock: Clock
    approving: Approving = Approving.NONE

    async def registered(self, policy_version: str) -> RegisteredPolicy:
        """Raises NotFound (POLICY_NOT_FOUND)."""
        found = await self.register.find(policy_version)
        if found is None:
            raise NotFound(
                "POLICY_NOT_FOUND",
                f"no policy version {policy_version!r} was published",
                metadata={"policy_version": policy_version},
            )
        return found

    async def restore(self, pointer: ActivePointer) -> None:
        """The other services go by the active policy again."""
        if pointer != NOTHING_ACTIVE:
            active = await self.policies.get(pointer.policy_version)
            await self.parts.activate(active.compiled, active.versions)


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """A policy version, without its content. Names are empty and times None where nobody did it, or nobody knows."""

    policy_version: str
    name: str
    active: bool
    publish_time_ms: int
    state: PolicyState = PolicyState.DRAFT
    author: str = ""
    approver: str = ""
    approve_time_ms: int | None = None
    activator: str = ""
    activate_time_ms: int | None = None


def summary_of(policy: RegisteredPolicy, pointer: ActivePointer) -> PolicySummary:
    approval, activation = policy.approval, policy.activation
    state = policy.state(pointer)
    return PolicySummary(
        policy.policy_version,
        policy.name,
        state is PolicyState.ACTIVE,
        policy.publish_time_ms,
        state,
        policy.author,
        policy.approver,
        None if approval is None else approval.time_ms,
        "" if activation is None else activation.actor,
        None if activation is None or not activation.time_ms else activation.time_ms,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One call that makes another version the active one."""

    rpc: str
    request_id: str
    body_hash: str
    actor: str


@dataclass(frozen=True, slots=True)
class Target:
    policy: RegisteredPolicy
    restores: int = 0
    """The generation a roll-back goes back to."""


Choose = Callable[[ActivePointer], Awaitable[Target]]
"""What is to be active in place of what is. Raises where nothing may be."""


async def switch(life: PolicyLife, change: Change, choose: Choose) -> PolicySummary:
    """The other services follow first, so that what decisions read can be written; then the pointer moves, and with it
    everything that decisions go by: each one pins the versions of all parts of the policy it began with.

    Two switches at once end with all agreeing: each one tells the others before it moves the pointer, and chooses again
    when the pointer moved in between.
    """
    told_others = False
    for _ in range(MAX_ATTEMPTS):
        pointer = await life.store.active()
        try:
            target = await choose(pointer)
            policy = await life.policies.get(target.policy.policy_version)
            await life.amounts.prepare(policy.compiled.volume)
        except TandemError:
            if told_others:
                await life.restore(pointer)
            raise
        how = Activating(change.actor, life.clock(), target.restores)
        summary = _afterwards(target.policy, pointer, how)
        told_others = True
        await life.parts.activate(policy.compiled, policy.versions)
        receipt = receipt_of(change.rpc, change.request_id, change.body_hash, summary)
        if await life.store.activate(policy.versions.policy, receipt, pointer, how):
            await life.policies.refresh()
            return summary
    raise too_much_change(target.policy.policy_version)


def _afterwards(policy: RegisteredPolicy, pointer: ActivePointer, how: Activating) -> PolicySummary:
    moved = ActivePointer(policy.policy_version, pointer.generation + 1)
    activation = Activation(moved.generation, policy.policy_version, how.actor, how.time_ms, how.restores)
    return summary_of(replace(policy, activation=activation), moved)


def too_much_change(policy_version: str) -> Aborted:
    return Aborted(
        "CONCURRENT_CHANGE",
        "other policies were activated at the same time: try again",
        metadata={"policy_version": policy_version},
    )
