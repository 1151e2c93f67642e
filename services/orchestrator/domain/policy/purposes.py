"""Purposes and what the law asks of them, and the types of events, with what recording them needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from services.orchestrator.domain.policy.attribute_types import PROPERTIES, Properties
from services.orchestrator.domain.policy.fields import Field, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import boolean, duration_ms
from services.orchestrator.domain.policy.words import Reference, choice, identifier, reference, upper_identifier
from services.orchestrator.domain.policy_parts import EventTypePart, Place

USUAL_PURPOSES = frozenset({"COLLECTION", "PROFILING", "TRAINING", "MARKETING"})
"""Those that need no declaration."""
BASES = frozenset({"CONSENT", "CONTRACT", "LEGITIMATE_INTEREST"})


@dataclass(frozen=True, slots=True)
class PurposeDeclaration:
    """`basis` is empty where none is written."""

    name: str
    basis: str
    basis_place: Place
    double_opt_in: bool


@dataclass(frozen=True, slots=True)
class EventTypeDeclaration:
    part: EventTypePart
    purposes: tuple[Reference, ...]
    properties: Properties
    """What conditions of aggregates and triggers may read."""


BASIS = Field("basis", leaf(choice(BASES)))
DOUBLE_OPT_IN = Field("double_opt_in", leaf(boolean))
PURPOSE_FIELDS = (BASIS, DOUBLE_OPT_IN)


def read_purpose(key: ScalarNode, node: Node, findings: Findings) -> PurposeDeclaration:
    name = upper_identifier(key)
    fields = read_fields(key.place, node, PURPOSE_FIELDS, findings)
    place = fields.place(BASIS) if fields.is_written(BASIS) else key.place
    return PurposeDeclaration(name, fields.get(BASIS, ""), place, fields.get(DOUBLE_OPT_IN, False))


RETENTION = Field("retention", leaf(duration_ms))
PURPOSES = Field("purposes", list_of(leaf(reference)))
EVENT_TYPE_FIELDS = (RETENTION, PURPOSES, PROPERTIES)


def read_event_type(key: ScalarNode, node: Node, findings: Findings) -> EventTypeDeclaration:
    event_type = identifier(key)
    fields = read_fields(key.place, node, EVENT_TYPE_FIELDS, findings)
    purposes = fields.get(PURPOSES, ())
    part = EventTypePart(event_type, fields.get(RETENTION, None), purpose_names(purposes))
    return EventTypeDeclaration(part, purposes, fields.get(PROPERTIES, {}))


def purpose_names(mentioned: Collection[Reference]) -> tuple[str, ...]:
    """Each once, as they are called inside."""
    return tuple(sorted({purpose.name.upper() for purpose in mentioned}))
