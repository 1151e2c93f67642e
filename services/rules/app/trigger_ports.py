"""What event-driven rules need of the world: the event log, what is known about subjects, a store, and where inferred
traits go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.rules.domain.triggers.outcome import DueTimer, Firing, Happening
from shared.values import Feature, Value


@dataclass(frozen=True, slots=True)
class HappeningBatch:
    """`position`: where to go on after these. `is_end`: nothing lay behind them when they were read."""

    happenings: tuple[Happening, ...]
    position: str
    is_end: bool


class EventFeed(Protocol):
    """The profile service's event log."""

    async def end(self) -> str:
        """The position of the newest event; "" where there is none. Raises Unavailable."""
        ...

    async def read(self, after: str, types: Sequence[str], limit: int) -> HappeningBatch:
        """Events of these types after a position, oldest first; possibly none. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """What is known about a subject. `profile_id` is that of today, `former_ids` those merged into it."""

    profile_id: str
    attributes: Mapping[str, Feature]
    former_ids: tuple[str, ...] = ()


class FactReader(Protocol):
    """The profile service's profiles, read by the trait schema of the active policy."""

    async def facts(self, profile_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, SubjectFacts]:
        """By the id that was asked for; one that is unknown or erased is missing. Raises Unavailable."""
        ...

    def subjects_where(self, condition: str, after: str) -> AsyncIterator[Sequence[str]]:
        """Ids of profiles for which a CEL condition may hold, in the order of ids, from behind `after` on."""
        ...


@dataclass(frozen=True, slots=True)
class InferredTrait:
    """One inferred trait."""

    request_id: str
    profile_id: str
    trait: str
    value: Value
    observed_ms: int


class TraitWriter(Protocol):
    async def write(self, write: InferredTrait) -> None:
        """Idempotent under the request id. Raises Unavailable; NotFound, FailedPrecondition of a subject gone."""
        ...


@dataclass(frozen=True, slots=True)
class StateChange:
    """What one step of the consumer changed, stored whole or not at all.

    states    by subject, the new bytes; b"" deletes
    waiting   (join key, subject) pairs that now wait, or no longer wait, for an event about a thing
    """

    states: Mapping[str, bytes]
    add_timers: Sequence[DueTimer] = ()
    drop_timers: Sequence[str] = ()
    waiting_added: Sequence[tuple[str, str]] = ()
    waiting_dropped: Sequence[tuple[str, str]] = ()
    firings: Sequence[Firing] = ()
    seen_events: Sequence[tuple[str, int]] = field(default=())
    """(event id, event_ms) of events that came by ObserveEvents: remembered so that they count once."""


class TriggerStore(Protocol):
    """Every method raises Unavailable where the store does not answer.

    One process consumes at a time: whoever holds the lease. Every commit compares the lease's fencing number and the
    position, so that a holder that was superseded while it worked commits nothing.
    """

    async def acquire(self, holder: str, now_ms: int, lease_ms: int) -> int | None:
        """The fencing number of a lease for so long, or None while another holds it. Also renews."""
        ...

    async def release(self, holder: str, fence: int) -> None: ...

    async def position(self) -> str: ...

    async def commit(self, fence: int, from_position: str, to_position: str, change: StateChange) -> None:
        """Raises Aborted where the fence or the position is no longer the store's."""
        ...

    async def states(self, profile_ids: Sequence[str]) -> Mapping[str, bytes]: ...

    async def due(self, now_ms: int, limit: int) -> Sequence[DueTimer]:
        """Oldest first."""
        ...

    async def next_due_ms(self) -> int | None: ...

    async def waiting(self, join_key: str, after: str, limit: int) -> Sequence[str]:
        """Subjects that wait for an event about this thing, in the order of ids."""
        ...

    async def firings(self, after: int, limit: int) -> Sequence[Firing]:
        """In the order of their numbers, which have no gap that a later commit fills."""
        ...

    async def last_firing(self) -> int: ...

    async def courier_position(self) -> int:
        """How far inferred traits were brought to the profile service."""
        ...

    async def set_courier_position(self, number: int) -> None: ...

    async def active_version(self) -> str:
        """The rule set whose triggers fire; "" for none."""
        ...

    async def activate(self, version: str, request_id: str, from_position: str) -> None:
        """The first activation starts at this position of the log. Idempotent."""
        ...

    async def forget(self, profile_ids: Sequence[str]) -> None:
        """Everything about erased subjects: states, timers, waiting, firings."""
        ...

    async def trim(self, before_ms: int) -> None:
        """Firings and seen events older than that."""
        ...
