"""What a trigger says, before it is compiled: tandem.rules.v1.Trigger inside. Enum numbers are the contract's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from services.rules.domain.written import NOWHERE, OnUnknown, SourcePosition
from shared.values import Value


class PatternKind(IntEnum):
    """How the matches of a pattern complete it."""

    ANY = 1
    ALL = 2
    SEQUENCE = 3
    COUNT = 4
    SUM = 5


@dataclass(frozen=True, slots=True)
class EventMatch:
    """Events of one type. `where` is CEL over event.<property> and the subject's attributes; "" accepts all of them.

    `by_anyone`: an event about a thing, found by the join; the last part of a SEQUENCE only. `join_property` "": the
    one the pattern names.
    """

    event_type: str
    where: str = ""
    by_anyone: bool = False
    join_property: str = ""
    position: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class Pattern:
    """What has to happen to one subject, by event time. See the contract for each kind."""

    kind: PatternKind
    matches: tuple[EventMatch, ...]
    within_ms: int = 0
    at_least: float = 0
    sum_of: str = ""
    join: str = ""
    absent: EventMatch | None = None
    absent_ms: int = 0
    restarts: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """`daily_at` is "HH:MM" on the clock of `time_zone` ("": UTC); `weekdays` from 1, Monday, to 7; (): every day."""

    daily_at: str
    weekdays: tuple[int, ...] = ()
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Emit:
    """Tells whoever listens. `payload` is CEL by key, over event.<property> and the subject's attributes."""

    name: str
    payload: Mapping[str, str] = field(default_factory=dict)
    position: SourcePosition = NOWHERE
    payload_positions: Mapping[str, SourcePosition] = field(default_factory=dict)
    """Of the first character of each value, as far as known."""


@dataclass(frozen=True, slots=True)
class SetTrait:
    """Infers a trait: later tiers see it at once, the profile service soon. `value` is CEL of the trait's type."""

    trait: str
    value: str
    position: SourcePosition = NOWHERE


Effect = Emit | SetTrait


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rule about what happens over time. `condition` "" is true; it is evaluated when the trigger would fire."""

    trigger_id: str
    when: Pattern | Schedule
    effects: tuple[Effect, ...]
    condition: str = ""
    on_unknown: OnUnknown = OnUnknown.FAIL
    default_value: Value = None
    cooldown_ms: int = 0
    position: SourcePosition = NOWHERE
