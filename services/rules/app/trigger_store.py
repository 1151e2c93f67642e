"""What event-driven rules keep: per subject the state of open patterns, timers, who waits for what, what fired.

One process consumes at a time: whoever holds the lease. A step of it is one commit, which compares the lease's fencing
number and the revision of the head: a holder that was superseded while it worked, or that worked by another rule set
than the active one, commits nothing.

Every method raises Unavailable where the store does not answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.rules.app.trigger_ports import LoggedHappening
from services.rules.domain.triggers.outcome import DueTimer, Firing, Happening


@dataclass(frozen=True, slots=True)
class FanOut:
    """An event about a thing, on its way through the subjects that wait for it: those up to `after` had it."""

    logged: LoggedHappening
    join_keys: tuple[str, ...]
    after: str


@dataclass(frozen=True, slots=True)
class OpenTick:
    """A moment of a schedule, on its way through the subjects: those up to `after` had it."""

    trigger_id: str
    tick_ms: int
    after: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the consumer is.

    ticks  the last moment of each schedule that is done with, by trigger
    swept  what is open for no use any more was looked for up to this subject; begun then
    """

    position: str = "0"
    erasures: str = ""
    fan_out: FanOut | None = None
    ticks: Mapping[str, int] = field(default_factory=dict)
    tick: OpenTick | None = None
    swept: str = ""
    sweep_ms: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """`version`: the rule set whose triggers fire; "" for none. `revision` counts commits and activations."""

    fence: int
    revision: int
    version: str
    activated_ms: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class StateChange:
    """What one step of the consumer changed.

    moved      what waits and is timed under an id that was merged, to the id of today; before everything else
    states     by subject, the new bytes; b"" deletes
    waiting    (join key, subject) pairs that now wait, or no longer wait, for an event about a thing
    firings    their numbers are given by the store
    taken      ids of events from the inbox
    forgotten  erased subjects: everything about them goes
    """

    progress: Progress
    now_ms: int
    moved: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, bytes] = field(default_factory=dict)
    add_timers: Sequence[DueTimer] = ()
    drop_timers: Sequence[str] = ()
    waiting_added: Sequence[tuple[str, str]] = ()
    waiting_dropped: Sequence[tuple[str, str]] = ()
    firings: Sequence[Firing] = ()
    taken: Sequence[str] = ()
    forgotten: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Sizes:
    """`due`: timers whose time has come."""

    states: int
    waiting: int
    timers: int
    due: int


class LeaseStore(Protocol):
    async def acquire(self, holder: str, now_ms: int, lease_ms: int) -> int | None:
        """The fencing number of a lease for so long, or None while another holds it. Also renews: then it stays."""
        ...

    async def release(self, holder: str) -> None: ...


class TriggerStateStore(Protocol):
    async def head(self) -> Head: ...

    async def commit(self, head: Head, change: StateChange) -> Head:
        """All of it or nothing; answers the next head. Raises Aborted where the fence or the revision moved on."""
        ...

    async def states(self, profile_ids: Sequence[str]) -> Mapping[str, bytes]:
        """Of those that have one."""
        ...

    async def page(self, after: str, limit: int) -> Mapping[str, bytes]:
        """States in the order of their subjects' ids."""
        ...

    async def due(self, now_ms: int, limit: int) -> Sequence[DueTimer]:
        """Oldest first."""
        ...

    async def waiting(self, join_key: str, after: str, limit: int) -> Sequence[str]:
        """Subjects that wait for an event about this thing, in the order of their ids."""
        ...

    async def sizes(self, now_ms: int) -> Sizes: ...


class ActivationStore(Protocol):
    async def active_version(self) -> str: ...

    async def activate(self, version: str, request_id: str, now_ms: int, start: str) -> None:
        """From now on this rule set's triggers fire. `start`: where the first activation begins in the log.

        A request that was made before changes nothing; it raises AlreadyExists for another version.
        """
        ...


class FiringLog(Protocol):
    """The outbox."""

    async def firings(self, after: int, limit: int) -> Sequence[Firing]:
        """In the order of their numbers; what is there was there before any of a greater number."""
        ...

    async def last_firing(self) -> int: ...

    async def delivered(self) -> int:
        """Up to where inferred traits were brought to the profile service."""
        ...

    async def set_delivered(self, number: int) -> None:
        """Never goes back."""
        ...

    async def trim(self, before_ms: int) -> None:
        """Forgets firings that were committed, and events that came by the inbox, before that."""
        ...


class Inbox(Protocol):
    """Events of ObserveEvents on their way to the consumer. An event id counts once."""

    async def put(self, happenings: Sequence[Happening], now_ms: int) -> None:
        """Durable when it returns; those whose ids are known change nothing."""
        ...

    async def pending(self, limit: int) -> Sequence[LoggedHappening]:
        """Those that were not taken, in the order of their arrival; their positions are their ids."""
        ...

    async def is_taken(self, event_ids: Sequence[str]) -> bool:
        """Whether none of them is pending."""
        ...


@dataclass(frozen=True, slots=True)
class TriggerStores:
    leases: LeaseStore
    states: TriggerStateStore
    activations: ActivationStore
    firings: FiringLog
    inbox: Inbox
