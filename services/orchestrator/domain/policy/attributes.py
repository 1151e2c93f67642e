"""What may be known of a person or a request: traits and context. Aggregates have a module of their own."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.policy.attribute_types import TYPE_SHAPE, attribute_type
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import ListNode, Node, ScalarNode, describe
from services.orchestrator.domain.policy.purposes import PURPOSES, RETENTION, purpose_names
from services.orchestrator.domain.policy.scalars import boolean, duration_ms
from services.orchestrator.domain.policy.shapes import VALUES
from services.orchestrator.domain.policy.values import MAX_ALLOWED, bounded, typed_scalar
from services.orchestrator.domain.policy.words import Reference, attribute_name, choice
from services.orchestrator.domain.policy_parts import AggregatePart, AttributePart, Place, TraitPart
from shared.values import AttributeType, Scalar

CONTEXT_PREFIX = "context."


@dataclass(frozen=True, slots=True)
class AttributeDeclaration:
    """An attribute, whether the model may learn from it, and the part that the profile service keeps."""

    attribute: AttributePart
    is_predictive: bool
    place: Place
    part: TraitPart | AggregatePart | None = None
    purposes: tuple[Reference, ...] = ()
    """Those it mentions."""

    @property
    def is_feature(self) -> bool:
        """Whether the model reads it. A moment says nothing to a model; how long ago it was does."""
        return self.is_predictive and self.attribute.type.element is not AttributeType.TIMESTAMP


def _node(node: Node) -> Node:
    return node


TYPE = Field("type", leaf(attribute_type, TYPE_SHAPE), required=True)
ALLOWED = Field("allowed", leaf(_node, VALUES))
TTL = Field("ttl", leaf(duration_ms))
IMMUTABLE = Field("immutable", leaf(boolean))
PREDICTIVE = Field("predictive", leaf(boolean))
INDEXED = Field("indexed", leaf(boolean))
SOURCES = ("EXPLICIT", "IMPLICIT", "COMPUTED", "SECOND_PARTY", "THIRD_PARTY")
PRECEDENCE = Field("precedence", list_of(leaf(choice(SOURCES))))
TRAIT_FIELDS = (TYPE, ALLOWED, TTL, IMMUTABLE, PREDICTIVE, RETENTION, PURPOSES, INDEXED, PRECEDENCE)
CONTEXT_FIELDS = (TYPE, ALLOWED, PREDICTIVE)


def read_trait(key: ScalarNode, node: Node, findings: Findings) -> AttributeDeclaration | None:
    name = attribute_name(key)
    fields = read_fields(key.place, node, TRAIT_FIELDS, findings)
    kind = fields.get(TYPE, None)
    if kind is None:
        return None
    allowed = _allowed(fields, kind, findings)
    if kind.is_list and fields.get(INDEXED, False):
        findings.error(fields.place(INDEXED), "OUT_OF_RANGE", f"indexed: a {kind.text} has no index, only scalars do")
    precedence = fields.get(PRECEDENCE, ())
    if len(set(precedence)) < len(precedence):
        findings.error(fields.place(PRECEDENCE), "OUT_OF_RANGE", "precedence: must name each source at most once")
    purposes = fields.get(PURPOSES, ())
    part = TraitPart(
        name,
        kind,
        allowed,
        ttl_ms=fields.get(TTL, None),
        immutable=fields.get(IMMUTABLE, False),
        precedence=precedence,
        retention_ms=fields.get(RETENTION, None),
        purposes=purpose_names(purposes),
        indexed=fields.get(INDEXED, False),
    )
    attribute = AttributePart(name, kind, allowed, immutable=part.immutable)
    return AttributeDeclaration(attribute, fields.get(PREDICTIVE, True), key.place, part, purposes)


def read_context(key: ScalarNode, node: Node, findings: Findings) -> AttributeDeclaration | None:
    name = CONTEXT_PREFIX + attribute_name(key)
    fields = read_fields(key.place, node, CONTEXT_FIELDS, findings)
    kind = fields.get(TYPE, None)
    if kind is None:
        return None
    attribute = AttributePart(name, kind, _allowed(fields, kind, findings))
    return AttributeDeclaration(attribute, fields.get(PREDICTIVE, True), key.place)


def _allowed(fields: Fields, kind: AttributeType, findings: Findings) -> tuple[Scalar, ...]:
    """The values a trait may hold, or the elements a list may hold, in the declared type."""
    node = fields.get(ALLOWED, None)
    if node is None:
        return ()
    try:
        if not isinstance(node, ListNode):
            raise Refused(node.place, f"allowed: must be a list, not {describe(node)}")
        return tuple(typed_scalar(item, kind) for item in bounded(node, MAX_ALLOWED))
    except Refused as refusal:
        findings.refused(refusal)
        return ()
