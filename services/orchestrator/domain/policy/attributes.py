"""What may be known of a person or a request: traits, aggregates, context; and the namespaces of identities."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.policy.fields import Field, Fields, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion
from services.orchestrator.domain.policy.nodes import ListNode, Node, ScalarNode, describe
from services.orchestrator.domain.policy.scalars import boolean, duration_ms, text
from services.orchestrator.domain.policy.values import MAX_ALLOWED, bounded, typed_scalar
from services.orchestrator.domain.policy.words import attribute_name, choice, identifier
from services.orchestrator.domain.policy_parts import AggregatePart, AttributePart, Place, TraitPart
from shared.values import ATTRIBUTE_TYPES, AttributeType, Scalar

CONTEXT_PREFIX = "context."

TYPE_OF_MEASURE = {
    "COUNT": AttributeType.INT,
    "SUM": AttributeType.DOUBLE,
    "DISTINCT": AttributeType.INT,
    "DECAYED_RATE": AttributeType.DOUBLE,
}


@dataclass(frozen=True, slots=True)
class AttributeDeclaration:
    """An attribute, whether the model may learn from it, and the part that the profile service keeps."""

    attribute: AttributePart
    is_predictive: bool
    place: Place
    part: TraitPart | AggregatePart | None = None

    @property
    def is_feature(self) -> bool:
        """Whether the model reads it. A moment says nothing to a model; how long ago it was does."""
        return self.is_predictive and self.attribute.type.element is not AttributeType.TIMESTAMP


def attribute_type(node: Node) -> AttributeType:
    """As shared.values spells it: string, int, list<string>, ..."""
    word = text(node)
    if word in ATTRIBUTE_TYPES:
        return ATTRIBUTE_TYPES[word]
    message = f'"{word[:80]}" is no type: one of {", ".join(ATTRIBUTE_TYPES)}{suggestion(word, ATTRIBUTE_TYPES)}'
    raise Refused(node.place, message, code="WRONG_TYPE")


def _node(node: Node) -> Node:
    return node


TYPE = Field("type", leaf(attribute_type), required=True)
ALLOWED = Field("allowed", leaf(_node))
TTL = Field("ttl", leaf(duration_ms))
IMMUTABLE = Field("immutable", leaf(boolean))
PREDICTIVE = Field("predictive", leaf(boolean))
TRAIT_FIELDS = (TYPE, ALLOWED, TTL, IMMUTABLE, PREDICTIVE)
CONTEXT_FIELDS = (TYPE, ALLOWED, PREDICTIVE)


def read_trait(key: ScalarNode, node: Node, findings: Findings) -> AttributeDeclaration | None:
    name = attribute_name(key)
    fields = read_fields(key.place, node, TRAIT_FIELDS, findings)
    kind = fields.get(TYPE, None)
    if kind is None:
        return None
    allowed = _allowed(fields, kind, findings)
    part = TraitPart(name, kind, allowed, fields.get(TTL, None), fields.get(IMMUTABLE, False))
    attribute = AttributePart(name, kind, allowed)
    return AttributeDeclaration(attribute, fields.get(PREDICTIVE, True), key.place, part)


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


MEASURES = frozenset({*TYPE_OF_MEASURE, "LAST"})
EVENT = Field("event", leaf(identifier), required=True)
MEASURE = Field("measure", leaf(choice(MEASURES)), required=True)
PROPERTY = Field("property", leaf(identifier))
WINDOW = Field("window", leaf(duration_ms))
HALF_LIFE = Field("half_life", leaf(duration_ms))
LAST_TYPE = Field("type", leaf(attribute_type))
AGGREGATE_FIELDS = (EVENT, MEASURE, PROPERTY, WINDOW, HALF_LIFE, LAST_TYPE, PREDICTIVE)
NEEDED: dict[str, tuple[Field[str] | Field[int] | Field[AttributeType], ...]] = {
    "SUM": (PROPERTY,),
    "LAST": (PROPERTY, LAST_TYPE),
    "DISTINCT": (PROPERTY,),
    "DECAYED_RATE": (HALF_LIFE,),
}
"""What a measure cannot do without, and the others have no use for."""


def read_aggregate(key: ScalarNode, node: Node, findings: Findings) -> AttributeDeclaration | None:
    name = attribute_name(key)
    fields = read_fields(key.place, node, AGGREGATE_FIELDS, findings)
    event, measure = fields.get(EVENT, None), fields.get(MEASURE, None)
    if event is None or measure is None or not _suits(measure, fields, key.place, findings):
        return None
    kind = TYPE_OF_MEASURE.get(measure) or fields.get(LAST_TYPE, None)
    if kind is None:
        return None
    part = AggregatePart(
        name,
        event,
        measure,
        property=fields.get(PROPERTY, ""),
        window_ms=fields.get(WINDOW, None),
        half_life_ms=fields.get(HALF_LIFE, None),
        type=fields.get(LAST_TYPE, None),
    )
    return AttributeDeclaration(AttributePart(name, kind), fields.get(PREDICTIVE, True), key.place, part)


def _suits(measure: str, fields: Fields, place: Place, findings: Findings) -> bool:
    needed = NEEDED.get(measure, ())
    missing = [field.name for field in needed if not fields.is_written(field)]
    for name in missing:
        findings.error(place, "MISSING_KEY", f'the measure {measure.lower()} needs the key "{name}"')
    for field in (PROPERTY, HALF_LIFE, LAST_TYPE):
        if fields.is_written(field) and field not in needed:
            message = f'the measure {measure.lower()} has no use for the key "{field.name}"'
            findings.error(fields.place(field), "UNKNOWN_KEY", message)
    return not missing


KNOWN = Field("known", leaf(boolean), required=True)


def read_namespace(key: ScalarNode, node: Node, findings: Findings) -> tuple[str, bool]:
    """Whether identities of the namespace name a customer, by its lower-case name."""
    name = identifier(key)
    return name, read_fields(key.place, node, (KNOWN,), findings).get(KNOWN, False)
