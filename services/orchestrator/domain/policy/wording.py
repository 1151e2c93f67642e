"""The words of treatments: content by locale and part, kept with the place of every text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.policy.conditions import STAGE_FIELDS, rules_of
from services.orchestrator.domain.policy.feedback import window_ms
from services.orchestrator.domain.policy.fields import Field, Fields, distinct, leaf, mapping, optional, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import number, text
from services.orchestrator.domain.policy.shapes import DURATION, LOCALE_PATTERN, TEXT, named_shape
from services.orchestrator.domain.policy.words import Reference, identifier, locale, reference, within
from services.orchestrator.domain.policy_parts import Place, RulePart

MAX_TEXT_LENGTH = 65_536
MAX_COST = 1e9


@dataclass(frozen=True, slots=True)
class Text:
    """One part of a content, and where its first character is."""

    text: str
    place: Place


Content = Mapping[str, Mapping[str, Text]]
"""By locale, by part."""


@dataclass(frozen=True, slots=True)
class TreatmentDeclaration:
    """How an action, or a fallback, looks on one channel."""

    treatment_id: str
    place: Place
    channel: Reference | None
    """None where the file names none, or none that can be read: reported already."""
    cost: float
    content: Content
    rules: tuple[RulePart, ...] = ()
    response_window_ms: int | None = None
    """Until when somebody may respond to it; None: as the objective says."""


def _content(node: Node, findings: Findings) -> Content:
    read: dict[str, Mapping[str, Text]] = {}
    for key, child in distinct(mapping(node), findings):
        tag = optional(leaf(locale), key, findings)
        parts = optional(_parts, child, findings)
        if tag is not None and parts is not None:
            read[tag] = parts
    return read


def _parts(node: Node, findings: Findings) -> Mapping[str, Text]:
    read: dict[str, Text] = {}
    for key, child in distinct(mapping(node), findings):
        part = optional(leaf(identifier), key, findings)
        words = optional(leaf(_text), child, findings)
        if part is not None and words is not None:
            read[part] = words
    return read


def _text(node: Node) -> Text:
    words = text(node)
    if len(words) > MAX_TEXT_LENGTH:
        raise Refused(node.place, f"must have at most {MAX_TEXT_LENGTH:,} characters", code="OUT_OF_RANGE")
    return Text(words, node.text_place if isinstance(node, ScalarNode) else node.place)


CHANNEL = Field("channel", leaf(reference), required=True)
COST = Field("cost", within(number, 0, MAX_COST))
CONTENT = Field("content", _content, shape=named_shape(named_shape(TEXT), {"pattern": LOCALE_PATTERN}))
FALLBACK_FIELDS = (CHANNEL, COST, CONTENT)
RESPONSE_WINDOW = Field("response_window", leaf(window_ms, DURATION))
TREATMENT_FIELDS: tuple[Field[Any], ...] = (*FALLBACK_FIELDS, RESPONSE_WINDOW, *STAGE_FIELDS)


def read_treatment(key: ScalarNode, node: Node, findings: Findings) -> TreatmentDeclaration:
    """Of an action."""
    treatment_id = identifier(key)
    return _treatment(treatment_id, key.place, read_fields(key.place, node, TREATMENT_FIELDS, findings))


def read_fallback(key: ScalarNode, node: Node, findings: Findings) -> TreatmentDeclaration:
    """A treatment without an action, and without rules: it is guaranteed."""
    treatment_id = identifier(key)
    return _treatment(treatment_id, key.place, read_fields(key.place, node, FALLBACK_FIELDS, findings))


def _treatment(treatment_id: str, place: Place, fields: Fields) -> TreatmentDeclaration:
    return TreatmentDeclaration(
        treatment_id,
        place,
        fields.get(CHANNEL, None),
        fields.get(COST, 0.0),
        fields.get(CONTENT, {}),
        rules_of(fields),
        fields.get(RESPONSE_WINDOW, None),
    )
