"""What comes in and what comes out of triggers: events, timers, firings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.rules.domain.triggers.state import SubjectState
from shared.values import Value


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as triggers see it. `profile_id` is empty for a thing."""

    event_id: str
    profile_id: str
    type: str
    event_ms: int
    properties: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class DueTimer:
    due_ms: int
    timer_id: str
    profile_id: str


@dataclass(frozen=True, slots=True)
class Firing:
    """A trigger that fired, as it stands in the outbox. `number` orders them; the store gives it.

    One per effect: `firing_id` differs between the effects of one trigger, and is the same for the same cause.
    """

    firing_id: str
    trigger_id: str
    rule_set_version: str
    profile_id: str
    name: str
    """Of Emit; "" for an inferred trait, which `trait` names."""
    payload: Mapping[str, Value]
    """Of an inferred trait: its value, by its name."""
    cause_event_id: str
    fired_ms: int
    trait: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one event, timer or moment of a schedule changed for one subject.

    state     the very object that came in where nothing changed: nothing to store
    waiting   (join key, profile id): whom an event about that thing is for
    """

    state: SubjectState
    add_timers: tuple[DueTimer, ...] = ()
    drop_timers: tuple[str, ...] = ()
    waiting_added: tuple[tuple[str, str], ...] = ()
    waiting_dropped: tuple[tuple[str, str], ...] = ()
    firings: tuple[Firing, ...] = ()
