"""What the use cases need of a store. Every method raises Unavailable where the store does not answer.

Reads see every commit that was acknowledged before they began, whichever process acknowledged it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.profile.app.requests import LoggedEvent
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.profile import Profile
from services.profile.domain.schema import TraitSchema

MAX_PROFILE_BYTES = 8 * 2**20
"""Of an encoded profile, in every store: MongoDB refuses more than 16 MiB."""


class Conflict(Exception):
    """Somebody else's change came first; nothing of the commit was stored. Read again and try again."""

    def __init__(self, profile_id: str = "") -> None:
        super().__init__(profile_id)
        self.profile_id = profile_id


class VersionConflict(Conflict):
    """A profile no longer has the version that the change was made from."""


class IdentityTaken(Conflict):
    """An identity to be claimed belongs to a profile by now."""


class EventRecorded(Conflict):
    """An event is in the log by now."""


class RequestAnswered(Conflict):
    """The request was answered by now."""


class ProfileTooLarge(Exception):
    """An encoded profile has more than MAX_PROFILE_BYTES; nothing of the commit was stored."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mutation answered, kept so that the same request is answered the same."""

    rpc: str
    request_id: str
    body_hash: str
    response: bytes
    answered_ms: int


@dataclass(frozen=True, slots=True)
class Change:
    """One profile, from its version `profile.version - 1` (0: it must not exist) to `profile.version`."""

    profile: Profile
    claims: tuple[str, ...] = ()
    """Identity keys that no profile held and this one holds from now on."""
    events: tuple[Event, ...] = ()
    """In the order they enter the log."""
    statements: tuple[Consent, ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """All of it is stored, or nothing."""

    changes: tuple[Change, ...]
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class SchemaCommit:
    """A schema under its version; `activate` makes it the active one."""

    version: str
    schema: TraitSchema
    activate: bool
    answer: Answer


class ProfileStore(Protocol):
    async def find(self, keys: Collection[str]) -> Mapping[str, Profile]:
        """The profile of every identity key that one holds; two keys of one profile share the object."""
        ...

    async def answer(self, rpc: str, request_id: str) -> Answer | None:
        """What the request was answered before."""
        ...

    async def commit(self, commit: Commit) -> None:
        """Stores everything durably and atomically.

        Raises a Conflict (VersionConflict, IdentityTaken, EventRecorded, RequestAnswered) or ProfileTooLarge: nothing
        is stored then.
        """
        ...


class EventLog(Protocol):
    """Positions are positive and increase in the order in which events become visible: a reader that goes on after
    the last position it saw misses none.
    """

    async def recorded(self, event_ids: Collection[str]) -> Mapping[str, str]:
        """Profile ids by event id, of those in the log."""
        ...

    async def history(self, profile_id: str, event_type: str, after: str, limit: int) -> Sequence[Event]:
        """Events of one profile and type, by event id, from behind `after` on; fewer than `limit` are the last."""
        ...

    async def tail(self, after: int, types: Collection[str], limit: int) -> Sequence[LoggedEvent]:
        """Events of all profiles after a position, by position; no types: every type.

        An empty page says that there was no more when it was asked for, however short the pages before it were.
        """
        ...

    async def last_position(self) -> int:
        """No position that was ever read is greater."""
        ...


class ConsentLog(Protocol):
    async def statements(self, profile_id: str, before: tuple[int, int, str] | None, limit: int) -> Sequence[Consent]:
        """Every statement on record, by descending `Consent.place`, from below `before` on."""
        ...


class SchemaStore(Protocol):
    async def active_version(self) -> str:
        """Empty where none was activated."""
        ...

    async def schema(self, version: str) -> TraitSchema | None: ...

    async def commit(self, commit: SchemaCommit) -> None:
        """A schema that is there already stays. Raises Conflict: nothing is stored then."""
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    profiles: ProfileStore
    events: EventLog
    consents: ConsentLog
    schemas: SchemaStore
