"""What the orchestrator needs in order to erase a person: word of erasures, and the stores that hold something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ErasureNotice:
    """The profile service erased somebody: everything under these profile ids goes."""

    position: str
    erasure_id: str
    profile_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DueErasure:
    """`decision_ids`: what a first round erased; None before it."""

    erasure_id: str
    profile_ids: tuple[str, ...]
    decision_ids: tuple[str, ...] | None = None


class ErasureFeed(Protocol):
    async def erasures(self, after: str, *, deadline_ms: int) -> Sequence[ErasureNotice]:
        """Erasures after a position, oldest first, some or all; `after` empty: from the beginning."""
        ...


class RewardEraser(Protocol):
    async def erase_rewards(self, request_id: str, decision_ids: Sequence[str], *, deadline_ms: int) -> None:
        """Erases what the scoring service keeps of decisions. Idempotent."""
        ...


class ErasureStore(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer."""

    async def position(self) -> str:
        """How far the feed was taken in; empty at first."""
        ...

    async def take(self, notices: Sequence[ErasureNotice], due_ms: int) -> None:
        """They are due, and the feed is taken in up to the last one; together."""
        ...

    async def due(self, now_ms: int, limit: int) -> Sequence[DueErasure]: ...

    async def reschedule(self, erasure_id: str, decision_ids: Sequence[str], due_ms: int) -> None:
        """The first round erased these; the second is due then."""
        ...

    async def finish(self, erasure_id: str) -> None: ...

    async def decisions_of(self, profile_ids: Sequence[str], limit: int, after: str = "") -> Sequence[str]:
        """Ids of decisions for the profiles, in their order, from behind `after` on; of those that were pruned, too, as
        far as they made contacts: rewards were learnt from these."""
        ...

    async def hold_rewards(self, decision_ids: Sequence[str]) -> None:
        """What the outbox for the scoring service has of these decisions is gone, whether they are there or not."""
        ...

    async def erase_told(self, profile_ids: Sequence[str]) -> None:
        """What others told of these persons, and the history of contacts with them: conversions, touches, contacts."""
        ...

    async def erase(self, decision_ids: Sequence[str]) -> None:
        """The decisions, the history of their contacts, and their outcomes; GoneDecision says what is left of them."""
        ...


@dataclass(frozen=True, slots=True)
class Erasing:
    """All that erasing a person takes."""

    feed: ErasureFeed
    store: ErasureStore
    rewards: RewardEraser
