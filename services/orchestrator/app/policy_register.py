"""What is known of policy versions besides their content: who wrote, approved and activated them, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.app.policy_store import ActivePointer, Receipt
from services.orchestrator.domain.policy_state import PolicyState, state_of

PolicyCursor = tuple[int, str]
"""Publish time and version: what follows it in a list comes after."""


@dataclass(frozen=True, slots=True)
class Approval:
    approver: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class Activation:
    """A version became the active one. `restores`: the generation that a roll-back went back to; 0: it was none.
    The time is 0 where it was before such things were kept."""

    generation: int
    policy_version: str
    actor: str
    time_ms: int
    restores: int = 0

    @property
    def origin(self) -> int:
        """The generation it stands for: a roll-back puts its policy back to where it was."""
        return self.restores or self.generation


@dataclass(frozen=True, slots=True)
class RegisteredPolicy:
    policy_version: str
    name: str
    author: str
    publish_time_ms: int
    approval: Approval | None = None
    """The last one."""
    activation: Activation | None = None
    """The last one; None where it was never active, or before that was kept."""
    publishers: tuple[str, ...] = ()
    """Everybody who published this content in their name."""

    @property
    def authors(self) -> tuple[str, ...]:
        """Who may not be the other pair of eyes."""
        return tuple(dict.fromkeys(each for each in (self.author, *self.publishers) if each.strip()))

    @property
    def cursor(self) -> PolicyCursor:
        return self.publish_time_ms, self.policy_version

    @property
    def approver(self) -> str:
        return "" if self.approval is None else self.approval.approver

    def state(self, pointer: ActivePointer) -> PolicyState:
        is_active = pointer.policy_version == self.policy_version
        return state_of(
            is_active=is_active, was_active=self.activation is not None, is_approved=self.approval is not None
        )


class PolicyRegister(Protocol):
    """Every method raises Unavailable (STORE_UNAVAILABLE) when the store does not answer."""

    async def find(self, policy_version: str) -> RegisteredPolicy | None: ...

    async def newest(self, limit: int, after: PolicyCursor | None = None) -> Sequence[RegisteredPolicy]:
        """By publication, from the last one on."""
        ...

    async def approve(self, policy_version: str, approval: Approval, receipt: Receipt) -> None:
        """Of a stored version; in place of an earlier approval. Durable, with the receipt, when it returns.

        Raises AlreadyExists (REQUEST_ID_REUSED) when another body has the request id."""
        ...

    async def activation(self, generation: int) -> Activation | None:
        """None before such things were kept."""
        ...

    async def before(self, generation: int, not_version: str) -> Activation | None:
        """The last activation before a generation, of another version."""
        ...
