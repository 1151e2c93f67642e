"""What event-driven rules need of the world: the event log, what is known about subjects, word of erasures, and where
inferred traits go. Their own store: `trigger_store.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.rules.domain.triggers.outcome import Happening
from shared.errors import TandemError
from shared.values import Feature, Value


@dataclass(frozen=True, slots=True)
class LoggedHappening:
    """`position`: where to go on after it."""

    position: str
    recorded_ms: int
    happening: Happening


@dataclass(frozen=True, slots=True)
class HappeningBatch:
    """`position`: where to go on after these. `is_end`: nothing lay behind them when they were read."""

    logged: tuple[LoggedHappening, ...]
    position: str
    is_end: bool


class EventFeed(Protocol):
    """The profile service's event log, without what machines did. One reader at a time."""

    async def end(self) -> str:
        """The position of the newest event; "0" where there is none. Raises Unavailable."""
        ...

    async def read(self, after: str, types: Sequence[str], limit: int) -> HappeningBatch:
        """Events of these types after a position, oldest first; possibly none. Raises Unavailable.

        Read to its end, the position is the log's end, of whatever type the last event is.
        """
        ...


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """What is known about a subject. `profile_id` is that of today, `former_ids` those merged into it."""

    profile_id: str
    attributes: Mapping[str, Feature] = field(default_factory=dict)
    former_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """`through`: every subject up to this id was looked at; "" at the end."""

    profile_ids: tuple[str, ...]
    through: str


class FactReader(Protocol):
    """The profile service's profiles, read by the trait schema of the active policy."""

    async def facts(self, profile_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, SubjectFacts]:
        """By the id that was asked for; one that is unknown or erased is missing. Raises Unavailable."""
        ...

    async def subjects_where(self, condition: str, after: str, limit: int) -> SubjectPage:
        """Profiles for which a CEL condition is true, in the order of their ids, from behind `after` on ("": all).

        Possibly none of them though there are more. Raises Unavailable; InvalidArgument for a condition that the
        profile service does not understand.
        """
        ...


@dataclass(frozen=True, slots=True)
class InferredTrait:
    profile_id: str
    trait: str
    value: Value
    observed_ms: int


class TraitWriter(Protocol):
    async def write(self, request_id: str, traits: Sequence[InferredTrait]) -> Sequence[TandemError | None]:
        """Traits of different subjects; why one was refused, in their order. Idempotent under the request id.

        Raises Unavailable, and another error where all of them are refused together.
        """
        ...


@dataclass(frozen=True, slots=True)
class Erasure:
    """Everything under these ids goes. `position`: where to go on after it."""

    position: str
    profile_ids: tuple[str, ...]


class ErasureFeed(Protocol):
    async def erasures(self, after: str) -> Sequence[Erasure]:
        """After a position, oldest first; "": from the beginning. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class ProfilePorts:
    """The profile service, as far as triggers need it: `Grpc…` adapters between processes, `Local…` within one."""

    feed: EventFeed
    facts: FactReader
    traits: TraitWriter
    erasures: ErasureFeed
