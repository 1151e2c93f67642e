"""What is to be told to the contact ledger, kept until it has been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.domain.contact_steps import RELEASED
from shared.ids import content_id


@dataclass(frozen=True, slots=True)
class ContactReport:
    """How far a reserved contact got and what came of it, or that it came to nothing. `time_ms` None: when the ledger
    hears of it."""

    reservation_id: str
    step: int
    """A Reach, or RELEASED."""
    time_ms: int | None
    answer: int = 0
    """The Outcome that says what the person made of it; 0: nothing was said of that."""

    @classmethod
    def of(cls, reservation_id: str, step: int, time_ms: int, answer: int = 0) -> ContactReport:
        """A release has no time: it is told once."""
        return cls(reservation_id, step, None if step == RELEASED else time_ms, answer)

    @classmethod
    def released(cls, reservation_id: str) -> ContactReport:
        return cls(reservation_id, RELEASED, None)

    @property
    def key(self) -> str:
        """Telling one thing twice is telling it once: the ledger's request id as well as the outbox's key."""
        told = (self.reservation_id, self.step, self.time_ms)
        return content_id("contact", (*told, self.answer) if self.answer else told)


class ContactOutbox(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer."""

    async def queue(self, reports: Sequence[ContactReport]) -> None:
        """One that waits already waits once."""
        ...

    async def waiting(self, limit: int) -> tuple[ContactReport, ...]:
        """In the order in which they were queued."""
        ...

    async def count_waiting(self) -> int: ...

    async def done(self, reports: Sequence[ContactReport]) -> None:
        """They wait no longer."""
        ...
