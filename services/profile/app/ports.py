"""What the use cases need of a store. Every method raises Unavailable where the store does not answer.

Reads see what was acknowledged in this process before they began, and what a token says that `Tokens.reach` was given.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.profile.app.requests import LoggedEvent
from services.profile.domain.attribute_index import AttributeIndex, IndexTest
from services.profile.domain.changes import ChangeRecord
from services.profile.domain.consents import Consent
from services.profile.domain.erasure import Erasure
from services.profile.domain.events import Event
from services.profile.domain.merge_events import MergeEvent
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


class EventGone(Conflict):
    """An event to be deleted is in the log no longer."""


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
class LogEntry:
    """An event of a part of a profile: of the profile itself, unless it was merged."""

    part_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class Statement:
    """A consent statement of a part of a profile."""

    part_id: str
    consent: Consent


@dataclass(frozen=True, slots=True)
class Change:
    """One profile, from its version `profile.version - 1` (0: it must not exist) to `profile.version`."""

    profile: Profile
    claims: tuple[str, ...] = ()
    """Keys that nobody held and this profile holds from now on."""
    takes: tuple[str, ...] = ()
    """Keys that another profile of the same commit held until now."""
    releases: tuple[str, ...] = ()
    """Keys of this profile that nobody holds from now on."""
    events: tuple[LogEntry, ...] = ()
    """In the order they enter the log."""
    statements: tuple[Statement, ...] = ()
    merge_events: tuple[MergeEvent, ...] = ()
    index: AttributeIndex | None = None
    """What the index says of it from now on; None: what it said before."""


@dataclass(frozen=True, slots=True)
class Commit:
    """All of it is stored, or nothing."""

    changes: tuple[Change, ...]
    answer: Answer | None = None
    trail: tuple[ChangeRecord, ...] = ()
    erasure: Erasure | None = None
    deleted_events: tuple[str, ...] = ()
    """Ids of events that leave the log."""


@dataclass(frozen=True, slots=True)
class LoggedErasure:
    position: int
    erasure: Erasure


@dataclass(frozen=True, slots=True)
class SchemaCommit:
    """A schema under its version; `activate` makes it the active one."""

    version: str
    schema: TraitSchema
    activate: bool
    answer: Answer


Request = tuple[str, str]
"""RPC and request id."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a use case begins with, as one read of the store finds it."""

    owners: Mapping[str, Profile]
    """By identity key, of those that somebody holds."""
    active_version: str
    """Of the trait schema; empty where none was activated."""
    answer: Answer | None
    """What the request was answered before."""
    recorded: Mapping[str, str]
    """Profile ids by event id, of those in the log."""


class ProfileStore(Protocol):
    async def look(
        self, keys: Collection[str], request: Request | None = None, event_ids: Collection[str] = ()
    ) -> Look:
        """Like `find`, `answer`, `EventLog.recorded` and `SchemaStore.active_version` together."""
        ...

    async def find(self, keys: Collection[str]) -> Mapping[str, Profile]:
        """The profile of every identity key that one holds; two keys of one profile share the object.

        The key of a profile id (`identities.profile_key`) finds the record of that id, whatever became of it.
        """
        ...

    async def answer(self, rpc: str, request_id: str) -> Answer | None:
        """What the request was answered before."""
        ...

    async def commit(self, commit: Commit) -> None:
        """Stores everything durably and atomically.

        Raises a Conflict (VersionConflict, IdentityTaken, EventRecorded, EventGone, RequestAnswered) or
        ProfileTooLarge: nothing is stored then.
        """
        ...

    async def forget_answers(self, before_ms: int, limit: int) -> int:
        """Deletes answers that were given before a moment; how many, at most `limit`."""
        ...


@dataclass(frozen=True, slots=True)
class Candidates:
    """Profiles in the order of their ids, complete up to `through`; empty: to the end."""

    profiles: Sequence[Profile]
    through: str


class ProfileScans(Protocol):
    async def scan(self, after: str, limit: int, test: IndexTest | None) -> Candidates:
        """Records behind `after`, at most `limit`: with a test, those that the index proposes and those that it is not
        about yet; else all. Of one moment; that there are none does not say that there are none further on.
        """
        ...


class EventLog(Protocol):
    """Positions are positive and increase in the order in which events become visible: a reader that goes on after
    the last position it saw misses none.
    """

    async def recorded(self, event_ids: Collection[str]) -> Mapping[str, str]:
        """Profile ids by event id, of those in the log."""
        ...

    async def history(self, part_id: str, event_type: str, after: str, limit: int) -> Sequence[Event]:
        """Events of one part and type, by event id, from behind `after` on; fewer than `limit` are the last."""
        ...

    async def of_part(self, part_id: str, after: tuple[str, str], limit: int) -> Sequence[Event]:
        """Events of one part, by type and event id, from behind `after` on; fewer than `limit` are the last."""
        ...

    async def tail(self, after: int, types: Collection[str], limit: int) -> Sequence[LoggedEvent]:
        """Events of all profiles after a position, by position; no types: every type.

        An empty page says that there was no more when it was asked for, however short the pages before it were.
        """
        ...

    async def last_position(self) -> int:
        """No position that was ever read is greater."""
        ...

    async def happened_before(self, before_ms: int, event_type: str, limit: int) -> Sequence[LogEntry]:
        """Events of one type from before a moment, oldest first."""
        ...


class ConsentLog(Protocol):
    async def statements(
        self, part_ids: Collection[str], before: tuple[int, int, str] | None, limit: int
    ) -> Sequence[Consent]:
        """Every statement on record of the parts, by descending `Consent.place`, from below `before` on."""
        ...


class MergeLog(Protocol):
    async def merge(self, merge_id: str) -> Sequence[MergeEvent]:
        """MERGED, and UNMERGED where it was taken back; empty where there is no such merge."""
        ...

    async def merge_events(
        self, part_ids: Collection[str], before: tuple[int, str] | None, limit: int
    ) -> Sequence[MergeEvent]:
        """Those that name one of the parts on either side, by descending `MergeEvent.place`, from below `before` on."""
        ...


class ChangeLog(Protocol):
    async def changes(
        self, profile_ids: Collection[str], before: tuple[int, str, str] | None, limit: int
    ) -> Sequence[ChangeRecord]:
        """The audit trail of the profiles, by descending `ChangeRecord.place`, from below `before` on."""
        ...


class ErasureLog(Protocol):
    """Positions increase in the order in which erasures become visible, as those of events do."""

    async def erasures(self, after: int, limit: int) -> Sequence[LoggedErasure]: ...

    async def unpurged(self, limit: int) -> Sequence[Erasure]:
        """Erasures whose purge was not completed, oldest first."""
        ...

    async def purge(self, erasure: Erasure) -> None:
        """Deletes events, statements, merge events, the trail but for the erasure itself, and the answers of requests
        that changed one of the profiles; then the erasure counts as purged. Again where it was interrupted. Of merge
        events with somebody else, who keeps them, the names go (`MergeEvent.without_names`).
        """
        ...


class SecretStore(Protocol):
    async def get_or_create(self, name: str, proposal: bytes) -> bytes:
        """The secret of that name; the first proposal becomes it."""
        ...


class SchemaStore(Protocol):
    async def active_version(self) -> str:
        """Empty where none was activated."""
        ...

    async def schema(self, version: str) -> TraitSchema | None: ...

    async def commit(self, commit: SchemaCommit) -> None:
        """A schema that is there already stays. Raises Conflict: nothing is stored then."""
        ...


PENDING_TOKEN = ""
"""Keeps the place of a token in an answer until that is durable; then the writer puts in the latest one."""


class Tokens(Protocol):
    """What a write answers and a read may ask for, so that it is never answered by an older state."""

    def latest(self) -> str:
        """Of all that was acknowledged or read in this process."""
        ...

    async def reach(self, token: str) -> None:
        """When it returns, reads that begin see all that was acknowledged before the token was given out.

        Raises InvalidArgument (`consistency_token.value`) for what is no token of this store.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    profiles: ProfileStore
    scans: ProfileScans
    events: EventLog
    consents: ConsentLog
    merges: MergeLog
    changes: ChangeLog
    erasures: ErasureLog
    secrets: SecretStore
    schemas: SchemaStore
    tokens: Tokens
