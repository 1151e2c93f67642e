"""Types of attributes and of the properties of events, as policy files spell them."""

from __future__ import annotations

from collections.abc import Mapping

from services.orchestrator.domain.policy.fields import Field, Shape, distinct, mapping
from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.scalars import text
from services.orchestrator.domain.policy.shapes import named_shape
from services.orchestrator.domain.policy.words import identifier
from shared.values import ATTRIBUTE_TYPES, AttributeType

Properties = Mapping[str, AttributeType]
TYPE_SHAPE: Shape = {"enum": list(ATTRIBUTE_TYPES)}


def attribute_type(node: Node) -> AttributeType:
    """As shared.values spells it: string, int, list<string>, ..."""
    word = text(node)
    if word in ATTRIBUTE_TYPES:
        return ATTRIBUTE_TYPES[word]
    message = f'"{word[:80]}" is no type: one of {", ".join(ATTRIBUTE_TYPES)}{suggestion(word, ATTRIBUTE_TYPES)}'
    raise Refused(node.place, message, code="WRONG_TYPE")


def event_properties(node: Node, findings: Findings) -> Properties:
    """The types of the properties of an event, by name."""
    read: dict[str, AttributeType] = {}
    for key, child in distinct(mapping(node), findings):
        try:
            read[identifier(key)] = attribute_type(child)
        except Refused as refusal:
            findings.refused(refusal)
    return read


PROPERTIES = Field("properties", event_properties, shape=named_shape(TYPE_SHAPE))
