"""The traits behind inferred segments: declared by them, set by triggers."""

from __future__ import annotations

from collections.abc import Collection

from services.orchestrator.domain.policy.attributes import AttributeDeclaration
from services.orchestrator.domain.policy.findings import Findings, where
from services.orchestrator.domain.policy.segments import InferredSegment, SegmentDeclaration
from services.orchestrator.domain.policy.trigger_effects import Moving
from services.orchestrator.domain.policy.triggers import TriggerDeclaration
from services.orchestrator.domain.policy_parts import AttributePart, Place, TraitPart
from shared.values import AttributeType


def inferred_traits(
    segments: Collection[SegmentDeclaration],
    triggers: Collection[TriggerDeclaration],
    seen: dict[str, Place],
    findings: Findings,
) -> tuple[AttributeDeclaration, ...]:
    """One bool for each inferred segment, known for as long as triggers say.

    What they compute comes before what anybody else says, so that nobody writes it by hand. `seen` has the names of the
    other attributes.
    """
    entries: dict[str, list[Moving]] = {}
    for move in (move for trigger in triggers for move in trigger.moves if move.enters):
        entries.setdefault(move.segment.name, []).append(move)
    found = [segment.inferred for segment in segments if segment.inferred is not None]
    return tuple(_trait(each, entries.get(each.segment_id, []), seen, findings) for each in found)


def _trait(
    segment: InferredSegment, entries: list[Moving], seen: dict[str, Place], findings: Findings
) -> AttributeDeclaration:
    name = segment.trait
    if name in seen:
        message = f'the trait "{name}" of this segment is declared at {where(seen[name])}: choose another name there'
        findings.error(segment.place, "DUPLICATE_TRAIT", message)
    seen.setdefault(name, segment.place)
    part = TraitPart(name, AttributeType.BOOL, ttl_ms=_ttl_ms(entries, findings), precedence=("COMPUTED",))
    attribute = AttributePart(name, AttributeType.BOOL)
    return AttributeDeclaration(attribute, segment.is_predictive, segment.place, part)


def _ttl_ms(entries: list[Moving], findings: Findings) -> int | None:
    for entry in entries[1:]:
        if entry.for_ms != entries[0].for_ms:
            message = f"for: not as at {where(entries[0].for_place)}: who enters a segment stays in it equally long"
            findings.error(entry.for_place, "CONTRADICTION", message)
    return entries[0].for_ms if entries else None
