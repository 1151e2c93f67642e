"""What the use cases are asked and what they answer. Times that are None mean "on arrival"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis
from services.profile.domain.events import Event
from services.profile.domain.identities import Identity
from services.profile.domain.reading import ProfileView
from services.profile.domain.schema import TraitSchema
from services.profile.domain.signals.statements import NO_SIGNALS, Signals
from services.profile.domain.trait_source import TraitSource
from shared.values import Value

Subject = tuple[Identity, ...]


class ItemStatus(IntEnum):
    """What became of one item of a write. Numbers are those of tandem.profile.v1.ItemStatus."""

    RECORDED = 1
    DUPLICATE = 2
    NO_BASIS = 3
    ERASED = 4
    PAST_RETENTION = 5


@dataclass(frozen=True, slots=True)
class EventWrite:
    event_id: str
    subject: Subject
    type: str
    event_ms: int | None
    properties: Mapping[str, Value]
    is_machine: bool = False
    link_token: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class ProfileQuery:
    """`schema_version` empty: the active one. Overlay events are the subject's, whatever subject they name."""

    subject: Subject
    read_ms: int | None = None
    """None: now, but not before `earliest_ms`."""
    schema_version: str = ""
    overlay: tuple[EventWrite, ...] = ()
    token: str = ""
    overlay_signals: Signals = NO_SIGNALS
    earliest_ms: int = 0
    contacts_ms: int = 0
    """Contacts of so long before the moment are answered; 0: what limits look at."""


@dataclass(frozen=True, slots=True)
class ProfileAnswer:
    """`held`: the places in the query's subject of the identities that are this profile's."""

    profile: ProfileView
    advisories: tuple[str, ...]
    token: str
    held: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TraitWrite:
    name: str
    value: Value
    source: TraitSource = TraitSource.EXPLICIT
    observed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class UpsertTraits:
    request_id: str
    subject: Subject
    traits: tuple[TraitWrite, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """`statuses` in the order of the traits."""

    profile_id: str
    token: str
    advisories: tuple[str, ...]
    statuses: tuple[ItemStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordEvents:
    request_id: str
    events: tuple[EventWrite, ...]


@dataclass(frozen=True, slots=True)
class EventResult:
    event_id: str
    profile_id: str
    duplicate: bool
    advisories: tuple[str, ...]
    status: ItemStatus = ItemStatus.RECORDED


@dataclass(frozen=True, slots=True)
class EventsRecorded:
    results: tuple[EventResult, ...]
    token: str


@dataclass(frozen=True, slots=True)
class TailQuery:
    """`after` empty: from the beginning; `types` empty: every type; `from_end`: behind the newest event instead."""

    after: str = ""
    types: tuple[str, ...] = ()
    follow: bool = False
    from_end: bool = False


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    position: int
    profile_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class LogPage:
    """`position`: where to go on. Without events, nothing lies behind it: it is the log's end."""

    events: tuple[LoggedEvent, ...]
    position: int


@dataclass(frozen=True, slots=True)
class ConsentWrite:
    """`identity` None: the primary one of the subject, else its first. A granted statement that names no legal basis
    has CONSENT.
    """

    purpose: str
    status: ConsentStatus
    identity: Identity | None = None
    channel: str = ""
    legal_basis: LegalBasis = LegalBasis.UNSPECIFIED
    granted_ms: int | None = None
    expire_ms: int | None = None
    jurisdiction: str = ""
    collection_point: str = ""
    policy_version: str = ""
    proof: str = ""
    confirmed_ms: int | None = None
    similar_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetConsent:
    request_id: str
    subject: Subject
    consent: ConsentWrite


@dataclass(frozen=True, slots=True)
class ConsentRecorded:
    profile_id: str
    consent: Consent
    token: str
    advisories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordConsentSignals:
    request_id: str
    subject: Subject
    signals: Signals
    observed_ms: int | None = None
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class SignalsRecorded:
    """`consents`: the statements in force that the signals stand for."""

    profile_id: str
    consents: tuple[Consent, ...]
    token: str
    advisories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentQuery:
    """`page_size` 0: the default; `consent_ms` None: in force today."""

    subject: Subject
    page_size: int = 0
    page_token: str = ""
    include_history: bool = False
    consent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """`next_page_token` is empty on the last page."""

    consents: tuple[Consent, ...]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class PublishTraitSchema:
    request_id: str
    schema: TraitSchema
    activate: bool = False


@dataclass(frozen=True, slots=True)
class SchemaPublished:
    schema_version: str
