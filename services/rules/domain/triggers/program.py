"""Triggers ready to run. Immutable, shared by tasks.

By event type, what an event has to be asked: which `where` holds (one message for all of them), and which parts of
which patterns it is then a match of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.rules.domain.matching import MessageRules
from services.rules.domain.triggers.declaration import Pattern, Schedule
from services.rules.domain.triggers.outcome import Happening
from services.rules.domain.triggers.reading import PropertyReader, Reader, Reading, conformed
from shared.values import AttributeType, Value

MESSAGE = "trigger.message"
"""What a message is about: `event:<type>`, FIRING, TIMER or TICK."""
DUE = "trigger.due"
"""The trigger of a TIMER or TICK."""
FIRING, TIMER, TICK = "firing", "timer", "tick"

ABSENT = -1
"""In place of the number of a part: the event is what is to be absent."""

_MAX_JOIN_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class EmitPlan:
    """`number` is the effect's place among those of the trigger."""

    number: int
    name: str
    values: tuple[tuple[str, Reader], ...]


@dataclass(frozen=True, slots=True)
class SetTraitPlan:
    number: int
    trait: str
    type: AttributeType
    value: Reader
    allowed: tuple[Value, ...]
    """Empty: any."""

    def inferred(self, reading: Reading) -> Value:
        """None where it cannot be computed, or is not allowed: the profile service would refuse it."""
        value = conformed(self.value(reading), self.type)
        elements = value if isinstance(value, tuple) else (value,)
        return value if not self.allowed or all(each in self.allowed for each in elements) else None


@dataclass(frozen=True, slots=True)
class TriggerPlan:
    """One trigger.

    key           of its state: changes with what it declares
    tier          after those whose traits it reads
    rule_id       of the rule that decides whether it fires
    inputs        what that rule reads of the subject and the event
    kept          properties that its condition and effects read
    lateness_ms   an event older than that, when it comes, is ignored
    keep_ms       for so long after its time an event may matter
    capacity      how many open matches are kept
    """

    trigger_id: str
    key: str
    tier: int
    when: Pattern | Schedule
    cooldown_ms: int
    rule_id: str
    inputs: Mapping[str, Reader]
    effects: tuple[EmitPlan | SetTraitPlan, ...]
    kept: tuple[str, ...]
    lateness_ms: int
    keep_ms: int
    capacity: int

    @property
    def measure(self) -> str:
        """The attribute that says how far the pattern has come: a count, a sum, or the parts that are there."""
        return f"trigger.{self.trigger_id}.progress"

    def join_key(self, join: str) -> str:
        """Under which a subject waits for an event about a thing."""
        return f"{self.trigger_id}\x1f{join}"


@dataclass(frozen=True, slots=True)
class Watch:
    """An event as one part of a trigger's pattern. Without a `leaf` every event of the type is a match.

    `join` reads the event's value of the join; None for a pattern without one.
    """

    trigger: TriggerPlan
    pattern: Pattern
    part: int
    leaf: str
    join: PropertyReader | None
    amount: PropertyReader | None
    by_anyone: bool


@dataclass(frozen=True, slots=True)
class EventPlan:
    """Events of one type. `inputs` are those of all its leaf rules, `anyone` the watches for events about a thing."""

    inputs: Mapping[str, Reader]
    watches: tuple[Watch, ...]
    anyone: tuple[Watch, ...]


@dataclass(frozen=True, slots=True)
class TriggerProgram:
    """The triggers of one rule set.

    event_types  of the log that they look at
    facts        the attributes of subjects that they read
    schedules    by trigger
    audiences    by trigger of a schedule: CEL over the facts, true of everyone for whom it may fire; "" for everyone
    """

    version: str
    message_rules: MessageRules
    event_types: tuple[str, ...]
    facts: tuple[str, ...]
    schedules: Mapping[str, Schedule]
    audiences: Mapping[str, str]
    triggers: Mapping[str, TriggerPlan]
    by_key: Mapping[str, TriggerPlan]
    events: Mapping[str, EventPlan]

    def join_keys(self, happening: Happening) -> tuple[str, ...]:
        """Under which subjects wait for this event, whoever did it."""
        plan = self.events.get(happening.type)
        if plan is None or not plan.anyone:
            return ()
        found = [(each.trigger, join_text(happening.properties, each.join)) for each in plan.anyone if each.join]
        return tuple(trigger.join_key(join) for trigger, join in found if join is not None)


def join_text(properties: Mapping[str, Value], read: PropertyReader) -> str | None:
    """The event's value of the join as text; None where it has none."""
    value = read(properties)
    if value is None or (type(value) is str and len(value) <= _MAX_JOIN_CHARACTERS):
        return value
    text = value.isoformat() if isinstance(value, datetime) else value if isinstance(value, str) else repr(value)
    if len(text) <= _MAX_JOIN_CHARACTERS:
        return text
    return f"#{hashlib.sha256(text.encode()).hexdigest()[:40]}"
