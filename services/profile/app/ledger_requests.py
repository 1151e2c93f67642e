"""What the use cases of the contact ledger are asked and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from services.profile.app.requests import Subject
from services.profile.domain.ledger.allowances import LimitStatus
from services.profile.domain.ledger.contacts import Contact, ContactEvent, ContactResponse


@dataclass(frozen=True, slots=True)
class ContactWrite:
    """`message_class` empty: MARKETING."""

    channel: str
    direction: str
    message_class: str = ""
    issue: str = ""
    group: str = ""
    action: str = ""
    treatment: str = ""
    campaign: str = ""
    reference: str = ""
    planned_ms: int | None = None
    """It goes out then, not before; None: at once."""


@dataclass(frozen=True, slots=True)
class ReserveContact:
    """`ttl_ms` 0: the default. `schema_version` empty: the active one."""

    request_id: str
    subject: Subject
    contacts: tuple[ContactWrite, ...]
    ttl_ms: int = 0
    reached: ContactEvent = ContactEvent.RESERVED
    schema_version: str = ""
    limit_ids: tuple[str, ...] = ()
    create_profile: bool = False
    stop_at_refusal: bool = False
    """What comes after a refusal is not tried."""


@dataclass(frozen=True, slots=True)
class ContactResult:
    """Granted, or refused by limits."""

    granted: Contact | None
    refused_by: tuple[LimitStatus, ...] = ()
    next_slot_ms: int | None = None
    """When all of them will leave room; None where that is not known."""


@dataclass(frozen=True, slots=True)
class ContactsReserved:
    results: tuple[ContactResult, ...]
    """In the order of the request; fewer where it stopped at a refusal."""
    profile_id: str
    arrival_ms: int
    token: str
    advisories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmContact:
    """`event_ms` None: on arrival."""

    request_id: str
    reservation_id: str
    reached: ContactEvent
    event_ms: int | None = None
    response: ContactResponse | None = None
    """With RESERVED, nothing else is told."""


@dataclass(frozen=True, slots=True)
class ReleaseContact:
    request_id: str
    reservation_id: str


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """`contact` as it was at `arrival_ms`, after the change."""

    contact: Contact
    arrival_ms: int
    token: str


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """`read_ms` None: now. `page_size` 0: the default."""

    subject: Subject
    contact: ContactWrite | None = None
    read_ms: int | None = None
    schema_version: str = ""
    token: str = ""
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class LedgerPage:
    profile_id: str
    limits: tuple[LimitStatus, ...]
    contacts: tuple[Contact, ...]
    """As they were at `read_ms`, newest first."""
    read_ms: int
    time_zone: str
    next_page_token: str
