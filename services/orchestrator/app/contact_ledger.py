"""The contact ledger, as decisions and their outcomes use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.contact_steps import Reach
from services.orchestrator.domain.subject import Identity


@dataclass(frozen=True, slots=True)
class LedgerContact:
    """One contact, as limits look at it; `reference` is the proposition's id."""

    channel: str
    direction: str
    message_class: str
    issue: str
    group: str
    action: str
    treatment: str
    reference: str
    planned_ms: int | None = None
    """It goes out then, not before; None: at once."""
    campaign: str = ""
    """That of the decision; empty: it belongs to none."""


@dataclass(frozen=True, slots=True)
class ReservationRequest:
    request_id: str
    identities: tuple[Identity, ...]
    contacts: tuple[LedgerContact, ...]
    """In the order they were chosen: the first refusal is the last answer."""
    reached: Reach
    schema_version: str
    ttl_ms: int = 0
    """How long what is only RESERVED waits; 0: as long as usual."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """Reservation ids of the contacts that were granted. Fewer than were asked for: the next one was refused, and
    `refused_by` are the limits that left no room for it."""

    granted: tuple[str, ...]
    refused_by: tuple[ContactCount, ...] = ()
    profile_id: str = ""
    consistency_token: str = ""


class ContactLedger(Protocol):
    """Raises shared.errors: Unavailable, DeadlineExceeded, Aborted and the like pass; NotFound, FailedPrecondition and
    InvalidArgument are final."""

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        """Takes an allowance for each contact in turn, up to the first that is refused."""
        ...

    async def confirm(
        self,
        request_id: str,
        reservation_id: str,
        reached: Reach,
        event_time_ms: int | None,
        *,
        deadline_ms: int,
        answer: int = 0,
    ) -> None:
        """How far a contact got, and by which Outcome the person answered it, unless that is 0. Raises
        FailedPrecondition (RESERVATION_ENDED)."""
        ...

    async def release(self, request_id: str, reservation_id: str, *, deadline_ms: int) -> None:
        """It was not delivered. Raises FailedPrecondition (RESERVATION_CONFIRMED)."""
        ...
