"""Triggers from the wire."""

from __future__ import annotations

from tandem.rules.v1 import trigger_pb2 as pb

from services.rules.api.conditions import default_value, enum, on_unknown, position_from
from services.rules.domain.triggers.declaration import (
    Effect,
    Emit,
    EventMatch,
    Pattern,
    PatternKind,
    Schedule,
    SetTrait,
    Trigger,
)
from shared.errors import InvalidArgument


def trigger_from(message: pb.Trigger, path: str) -> Trigger:
    """Raises InvalidArgument naming the field that is no value of its type."""
    return Trigger(
        message.trigger_id,
        _when(message, path),
        tuple(_effect(each, f"{path}.effects[{index}]") for index, each in enumerate(message.effects)),
        message.condition,
        on_unknown(message.on_unknown, f"{path}.on_unknown"),
        default_value(message, path),
        message.cooldown_ms,
        position_from(message.position),
    )


def _when(message: pb.Trigger, path: str) -> Pattern | Schedule:
    match message.WhichOneof("when"):
        case "pattern":
            return _pattern(message.pattern, f"{path}.pattern")
        case "schedule":
            schedule = message.schedule
            return Schedule(schedule.daily_at, tuple(schedule.weekdays), schedule.time_zone)
        case _:
            raise InvalidArgument.field(path, "needs a pattern or a schedule")


def _pattern(message: pb.Pattern, path: str) -> Pattern:
    return Pattern(
        enum(PatternKind, message.kind, f"{path}.kind"),
        tuple(_match(each) for each in message.matches),
        within_ms=message.within_ms,
        at_least=message.at_least,
        sum_of=message.sum_of,
        join=message.join,
        absent=_match(message.absent) if message.HasField("absent") else None,
        absent_ms=message.absent_ms,
        restarts=message.restarts,
    )


def _match(message: pb.EventMatch) -> EventMatch:
    return EventMatch(
        message.event_type,
        message.where,
        message.by_anyone,
        message.join_property,
        position_from(message.position),
    )


def _effect(message: pb.Effect, path: str) -> Effect:
    position = position_from(message.position)
    match message.WhichOneof("kind"):
        case "emit":
            places = {name: position_from(each) for name, each in message.emit.payload_positions.items()}
            return Emit(message.emit.name, dict(message.emit.payload), position, places)
        case "set_trait":
            return SetTrait(message.set_trait.trait, message.set_trait.value, position)
        case _:
            raise InvalidArgument.field(path, "needs one of emit, set_trait")
