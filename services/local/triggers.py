"""Triggers of a policy as the rules service in the same process takes them."""

from __future__ import annotations

from services.orchestrator.domain import policy_parts as parts
from services.rules.domain.triggers import declaration as rules
from services.rules.domain.written import OnUnknown, SourcePosition


def position_of(place: parts.Place) -> SourcePosition:
    return SourcePosition(place.file, place.line, place.column)


def trigger_of(trigger: parts.TriggerPart) -> rules.Trigger:
    return rules.Trigger(
        trigger.trigger_id,
        _pattern(trigger.when) if isinstance(trigger.when, parts.PatternPart) else _schedule(trigger.when),
        tuple(_effect(effect) for effect in trigger.effects),
        trigger.condition,
        OnUnknown[trigger.on_unknown.kind],
        trigger.on_unknown.default,
        trigger.cooldown_ms,
        position_of(trigger.place),
    )


def _pattern(pattern: parts.PatternPart) -> rules.Pattern:
    return rules.Pattern(
        rules.PatternKind[pattern.kind],
        tuple(_match(match) for match in pattern.matches),
        within_ms=pattern.within_ms,
        at_least=pattern.at_least,
        sum_of=pattern.sum_of,
        join=pattern.join,
        absent=_match(pattern.absent) if pattern.absent is not None else None,
        absent_ms=pattern.absent_ms,
        restarts=pattern.restarts,
    )


def _match(match: parts.EventMatchPart) -> rules.EventMatch:
    return rules.EventMatch(
        match.event_type, match.where, match.by_anyone, match.join_property, position_of(match.place)
    )


def _schedule(schedule: parts.SchedulePart) -> rules.Schedule:
    return rules.Schedule(schedule.daily_at, schedule.weekdays, schedule.time_zone)


def _effect(effect: parts.EmitPart | parts.SetTraitPart) -> rules.Effect:
    if isinstance(effect, parts.SetTraitPart):
        return rules.SetTrait(effect.trait, effect.value, position_of(effect.place))
    places = {key: position_of(place) for key, place in effect.payload_places.items()}
    return rules.Emit(effect.name, effect.payload, position_of(effect.place), places)
