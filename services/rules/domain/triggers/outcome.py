"""What comes in and what comes out of triggers: events, timers, firings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    """A trigger that fired, as it stands in the outbox. `number` orders them; the store gives it."""

    firing_id: str
    trigger_id: str
    rule_set_version: str
    profile_id: str
    name: str
    """Of Emit; "" for an inferred trait, which `trait` names."""
    payload: Mapping[str, Value]
    cause_event_id: str
    fired_ms: int
    trait: str = ""
    number: int = 0
