"""Triggers as the rules service takes them: moves into and out of inferred segments set the traits behind those."""

from __future__ import annotations

from collections.abc import Collection

from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.segments import INFERRED_PREFIX
from services.orchestrator.domain.policy.trigger_effects import EffectDeclaration, Moving, Setting
from services.orchestrator.domain.policy.triggers import TriggerDeclaration
from services.orchestrator.domain.policy_parts import EmitPart, ObservedTypePart, SetTraitPart, TraitPart, TriggerPart


def trigger_parts(document: PolicyDocument) -> tuple[TriggerPart, ...]:
    traits = frozenset(trait.part.name for trait in document.traits if isinstance(trait.part, TraitPart))
    return tuple(_trigger(trigger, traits) for trigger in document.triggers)


def observed_types(document: PolicyDocument) -> tuple[ObservedTypePart, ...]:
    """The event types that are declared, and those that triggers mention."""
    declared = {each.part.type: each.properties for each in document.event_types}
    mentioned = {event.name: declared.get(event.name, {}) for trigger in document.triggers for event in trigger.events}
    return tuple(ObservedTypePart(name, properties) for name, properties in (declared | mentioned).items())


def _trigger(trigger: TriggerDeclaration, traits: Collection[str]) -> TriggerPart:
    """With the effects that can be had; the others are reported.

    Where none is left an effect stands in for them, so that everything else about the trigger is checked all the same.
    """
    effects = [
        effect for effect in map(_effect, trigger.effects) if isinstance(effect, EmitPart) or effect.trait in traits
    ]
    return TriggerPart(
        trigger.trigger_id,
        trigger.when,
        tuple(effects) or (EmitPart(trigger.trigger_id, {}, trigger.place, {}),),
        trigger.place,
        trigger.condition,
        trigger.on_unknown,
        trigger.cooldown_ms,
    )


def _effect(effect: EffectDeclaration) -> EmitPart | SetTraitPart:
    match effect:
        case Moving(segment=segment, enters=enters):
            return SetTraitPart(INFERRED_PREFIX + segment.name, "true" if enters else "false", segment.place)
        case Setting(part=part):
            return part
        case _:
            return effect
