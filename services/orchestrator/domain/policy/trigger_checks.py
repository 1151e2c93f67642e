"""Checks what triggers mention: events, traits and inferred segments. Their conditions are the rules service's."""

from __future__ import annotations

from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings, suggestion
from services.orchestrator.domain.policy_parts import AggregatePart, TraitPart


def check_triggers(document: PolicyDocument, findings: Findings) -> None:
    _check_events(document, findings)
    _check_settings(document, findings)
    _check_moves(document, findings)


def _check_events(document: PolicyDocument, findings: Findings) -> None:
    """An event type that nothing else knows is probably misspelt, and would never come."""
    counted = (each.part for each in document.aggregates if isinstance(each.part, AggregatePart))
    known = {each.part.type for each in document.event_types}
    known |= {name for part in counted for name in (part.event, part.returned_event) if name}
    for event in (event for trigger in document.triggers for event in trigger.events):
        if event.name not in known:
            message = (
                f'no event "{event.name}" is declared under event_types, or counted{suggestion(event.name, known)}'
            )
            findings.error(event.place, "UNKNOWN_EVENT_TYPE", message)


def _check_settings(document: PolicyDocument, findings: Findings) -> None:
    inferred = {each.inferred.trait: each.part.segment_id for each in document.segments if each.inferred is not None}
    traits = {trait.part.name: trait.part for trait in document.traits if isinstance(trait.part, TraitPart)}
    others = {each.attribute.name for each in (*document.aggregates, *document.context)}
    for trait in (setting.trait for trigger in document.triggers for setting in trigger.settings):
        if trait.name in inferred:
            message = f'"{trait.name}" is behind a segment: write {{enter: {inferred[trait.name]}}} or {{leave: ...}}'
            findings.error(trait.place, "INFERRED_TRAIT", message)
        elif trait.name in others:
            findings.error(trait.place, "UNKNOWN_TRAIT", f'"{trait.name}" is no trait: only traits can be set')
        elif trait.name not in traits:
            message = f'no trait "{trait.name}" is declared{suggestion(trait.name, traits)}'
            findings.error(trait.place, "UNKNOWN_TRAIT", message)
        elif traits[trait.name].immutable:
            message = f'the trait "{trait.name}" is immutable: nothing that a business does changes it'
            findings.error(trait.place, "IMMUTABLE_TRAIT", message)


def _check_moves(document: PolicyDocument, findings: Findings) -> None:
    segments = {each.part.segment_id: each.inferred for each in document.segments}
    moves = [move for trigger in document.triggers for move in trigger.moves]
    for segment in (move.segment for move in moves):
        if segment.name not in segments:
            message = f'no segment "{segment.name}" is declared{suggestion(segment.name, segments)}'
            findings.error(segment.place, "UNKNOWN_SEGMENT", message)
        elif segments[segment.name] is None:
            message = f'the segment "{segment.name}" has a condition: only one with `inferred: true` is entered or left'
            findings.error(segment.place, "SEGMENT_NOT_INFERRED", message)
    entered = {move.segment.name for move in moves if move.enters}
    for name, inferred in segments.items():
        if inferred is not None and name not in entered:
            findings.warning(inferred.place, "NEVER_ENTERED", f'no trigger lets anybody enter the segment "{name}"')
