"""What the use cases have in common that change which policies there are, and which one decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from typing import Protocol

from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.policy_parts_publisher import PartPublishers
from services.orchestrator.app.policy_register import Activation, PolicyRegister, RegisteredPolicy
from services.orchestrator.app.policy_store import NOTHING_ACTIVE, Activating, ActivePointer, PolicyStore
from services.orchestrator.app.policy_switches import PolicySwitches, switching
from services.orchestrator.app.receipts import receipt_of
from services.orchestrator.app.volume.amounts import Amounts
from services.orchestrator.domain.policy_state import Approving, PolicyState
from shared.clock import Clock
from shared.errors import Aborted, NotFound

MAX_ATTEMPTS = 5


class SwitchingRegister(PolicyRegister, PolicySwitches, Protocol):
    """What is known of policy versions, and of how they came to be active."""


@dataclass(frozen=True, slots=True)
class PolicyLife:
    store: PolicyStore
    register: SwitchingRegister
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

    async def restore(self) -> None:
        """The other services go by the active policy again, also where it changes meanwhile."""
        pointer, told = await self.store.active(), NOTHING_ACTIVE
        while pointer != told:
            active = await self.policies.get(pointer.policy_version)
            await self.parts.activate(active.compiled, active.versions)
            pointer, told = await self.store.active(), pointer

    def switching(self) -> AbstractAsyncContextManager[None]:
        """Around telling the others of another policy, and moving the pointer."""
        return switching(self.register, self.restore, self.clock)


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

    Two switches at once end with all agreeing: each one tells the others before it moves the pointer, and where the
    pointer moved in between brings them back and chooses again. So does one that fails, or that a crash ends.
    """
    for _ in range(MAX_ATTEMPTS):
        pointer = await life.store.active()
        target = await choose(pointer)
        policy = await life.policies.get(target.policy.policy_version)
        await life.amounts.prepare(policy.compiled.volume)
        how = Activating(change.actor, life.clock(), target.restores)
        summary = _afterwards(target.policy, pointer, how)
        receipt = receipt_of(change.rpc, change.request_id, change.body_hash, summary)
        with suppress(_Overtaken):
            async with life.switching():
                await life.parts.activate(policy.compiled, policy.versions)
                if not await life.store.activate(policy.versions.policy, receipt, pointer, how):
                    raise _Overtaken
            await life.policies.refresh()
            return summary
    raise too_much_change(target.policy.policy_version)


class _Overtaken(Exception):
    """Another policy was activated meanwhile."""


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
