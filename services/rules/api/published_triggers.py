"""Published triggers to the wire."""

from __future__ import annotations

from tandem.rules.v1 import condition_pb2
from tandem.rules.v1 import trigger_pb2 as pb

from services.rules.domain.triggers.declaration import Effect, EventMatch, Pattern, Schedule, SetTrait, Trigger
from services.rules.domain.written import SourcePosition
from shared.rpc.values import value_to_proto


def trigger_to(trigger: Trigger) -> pb.Trigger:
    message = pb.Trigger(
        trigger_id=trigger.trigger_id,
        condition=trigger.condition,
        on_unknown=int(trigger.on_unknown),  # type: ignore[arg-type]
        cooldown_ms=trigger.cooldown_ms,
        effects=[_effect(each) for each in trigger.effects],
        position=_position(trigger.position),
    )
    if trigger.default_value is not None:
        message.default_value.CopyFrom(value_to_proto(trigger.default_value))
    if isinstance(trigger.when, Schedule):
        message.schedule.CopyFrom(_schedule(trigger.when))
    else:
        message.pattern.CopyFrom(_pattern(trigger.when))
    return message


def _schedule(schedule: Schedule) -> pb.Schedule:
    return pb.Schedule(daily_at=schedule.daily_at, weekdays=schedule.weekdays, time_zone=schedule.time_zone)


def _pattern(pattern: Pattern) -> pb.Pattern:
    return pb.Pattern(
        kind=int(pattern.kind),  # type: ignore[arg-type]
        matches=[_match(each) for each in pattern.matches],
        within_ms=pattern.within_ms,
        at_least=pattern.at_least,
        sum_of=pattern.sum_of,
        join=pattern.join,
        absent=None if pattern.absent is None else _match(pattern.absent),
        absent_ms=pattern.absent_ms,
        restarts=pattern.restarts,
    )


def _match(match: EventMatch) -> pb.EventMatch:
    return pb.EventMatch(
        event_type=match.event_type,
        where=match.where,
        by_anyone=match.by_anyone,
        join_property=match.join_property,
        position=_position(match.position),
    )


def _effect(effect: Effect) -> pb.Effect:
    position = _position(effect.position)
    if isinstance(effect, SetTrait):
        return pb.Effect(set_trait=pb.Effect.SetTrait(trait=effect.trait, value=effect.value), position=position)
    places = {name: _position(place) for name, place in effect.payload_positions.items()}
    emit = pb.Effect.Emit(name=effect.name, payload=effect.payload, payload_positions=places)
    return pb.Effect(emit=emit, position=position)


def _position(position: SourcePosition) -> condition_pb2.SourcePosition:
    return condition_pb2.SourcePosition(file=position.file, line=position.line, column=position.column)
