"""Segments: conditions with a name, and those that triggers infer.

big_spenders: {when: 'revenue_365d >= 600.0'}
bad_payers: {inferred: true}                   in it is who a trigger let `enter` and none let `leave`
"""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.policy.attributes import PREDICTIVE
from services.orchestrator.domain.policy.conditions import ON_UNKNOWN, expression
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import boolean
from services.orchestrator.domain.policy.shapes import EXPRESSION
from services.orchestrator.domain.policy.words import identifier
from services.orchestrator.domain.policy_parts import OnUnknown, Place, SegmentPart

INFERRED_PREFIX = "inferred_"
"""Of the trait that holds an inferred segment; nobody else sets it."""
MAX_INFERRED_LENGTH = 64 - len(INFERRED_PREFIX)


@dataclass(frozen=True, slots=True)
class InferredSegment:
    """What is behind a segment that triggers infer."""

    segment_id: str
    place: Place
    is_predictive: bool

    @property
    def trait(self) -> str:
        return INFERRED_PREFIX + self.segment_id


@dataclass(frozen=True, slots=True)
class SegmentDeclaration:
    part: SegmentPart
    inferred: InferredSegment | None = None


WHEN = Field("when", leaf(expression, EXPRESSION))
INFERRED = Field("inferred", leaf(boolean))
SEGMENT_FIELDS = (WHEN, ON_UNKNOWN, INFERRED, PREDICTIVE)


def read_segment(key: ScalarNode, node: Node, findings: Findings) -> SegmentDeclaration | None:
    name = identifier(key)
    fields = read_fields(key.place, node, SEGMENT_FIELDS, findings)
    is_meant = fields.is_written(INFERRED) and not fields.is_written(WHEN)  # where `inferred` cannot be read
    if fields.get(INFERRED, is_meant):
        return _inferred(name, key.place, fields, findings)
    if fields.is_written(PREDICTIVE):
        message = f"{PREDICTIVE.name}: only an inferred segment is something that a model reads"
        findings.error(fields.place(PREDICTIVE), "UNKNOWN_KEY", message)
    if not fields.is_written(WHEN):
        findings.error(key.place, "MISSING_KEY", 'the key "when" is missing')
    when = fields.get(WHEN, None)
    if when is None:
        return None
    return SegmentDeclaration(SegmentPart(name, when[0], fields.get(ON_UNKNOWN, OnUnknown()), when[1]))


def _inferred(name: str, place: Place, fields: Fields, findings: Findings) -> SegmentDeclaration:
    for field in (WHEN, ON_UNKNOWN):
        if fields.is_written(field):
            message = f'"inferred" and "{field.name}" exclude each other: triggers say who is in the segment'
            findings.error(fields.place(field), "CONFLICTING_KEYS", message)
    if len(name) > MAX_INFERRED_LENGTH:
        message = f"the name of an inferred segment has at most {MAX_INFERRED_LENGTH} characters"
        raise Refused(place, message, code="BAD_IDENTIFIER")
    inferred = InferredSegment(name, place, fields.get(PREDICTIVE, True))
    return SegmentDeclaration(SegmentPart(name, inferred.trait, OnUnknown(), place), inferred)
