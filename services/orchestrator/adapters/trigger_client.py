"""Triggers on the wire of the rules service, and what every part of a rule set has: a place, a meaning of unknown."""

from __future__ import annotations

from tandem.rules.v1 import condition_pb2, trigger_pb2

from services.orchestrator.domain.policy_parts import (
    EmitPart,
    EventMatchPart,
    OnUnknown,
    PatternPart,
    Place,
    SchedulePart,
    SetTraitPart,
    TriggerPart,
)
from shared.rpc.values import value_to_proto

DEFAULT = "DEFAULT"


def place_to(place: Place) -> condition_pb2.SourcePosition:
    return condition_pb2.SourcePosition(file=place.file, line=place.line, column=place.column)


def on_unknown_to(on_unknown: OnUnknown) -> str:
    return f"ON_UNKNOWN_{on_unknown.kind}"


def trigger_to(trigger: TriggerPart) -> trigger_pb2.Trigger:
    message = trigger_pb2.Trigger(
        trigger_id=trigger.trigger_id,
        condition=trigger.condition,
        on_unknown=on_unknown_to(trigger.on_unknown),
        cooldown_ms=trigger.cooldown_ms,
        effects=[_effect(effect) for effect in trigger.effects],
        position=place_to(trigger.place),
    )
    if isinstance(trigger.when, PatternPart):
        message.pattern.CopyFrom(_pattern(trigger.when))
    else:
        message.schedule.CopyFrom(_schedule(trigger.when))
    if trigger.on_unknown.kind == DEFAULT:
        message.default_value.CopyFrom(value_to_proto(trigger.on_unknown.default))
    return message


def _pattern(pattern: PatternPart) -> trigger_pb2.Pattern:
    return trigger_pb2.Pattern(
        kind=f"PATTERN_KIND_{pattern.kind}",
        matches=[_match(match) for match in pattern.matches],
        within_ms=pattern.within_ms,
        at_least=pattern.at_least,
        sum_of=pattern.sum_of,
        join=pattern.join,
        absent=_match(pattern.absent) if pattern.absent is not None else None,
        absent_ms=pattern.absent_ms,
        restarts=pattern.restarts,
    )


def _match(match: EventMatchPart) -> trigger_pb2.EventMatch:
    return trigger_pb2.EventMatch(
        event_type=match.event_type,
        where=match.where,
        by_anyone=match.by_anyone,
        join_property=match.join_property,
        position=place_to(match.place),
    )


def _schedule(schedule: SchedulePart) -> trigger_pb2.Schedule:
    return trigger_pb2.Schedule(daily_at=schedule.daily_at, weekdays=schedule.weekdays, time_zone=schedule.time_zone)


def _effect(effect: EmitPart | SetTraitPart) -> trigger_pb2.Effect:
    if isinstance(effect, SetTraitPart):
        setting = trigger_pb2.Effect.SetTrait(trait=effect.trait, value=effect.value)
        return trigger_pb2.Effect(set_trait=setting, position=place_to(effect.place))
    emit = trigger_pb2.Effect.Emit(
        name=effect.name,
        payload=effect.payload,
        payload_positions={key: place_to(place) for key, place in effect.payload_places.items()},
    )
    return trigger_pb2.Effect(emit=emit, position=place_to(effect.place))
