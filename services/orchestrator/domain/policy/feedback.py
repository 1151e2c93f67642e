"""What is learnt from afterwards: how long a response is waited for, and which conversions count.

objectives:
  buy:
    outcomes: [converted]
    window: 7d
    conversions: {match: coupon, attribute: coupon_code}

The attribute is the action's; unless another is named, coupon_code and sku. Of `match: any` every purchase counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.conversion_match import ConversionMatch, MatchKind
from services.orchestrator.domain.policy.contact_limit import MAX_WINDOW_MS
from services.orchestrator.domain.policy.fields import Field, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.scalars import duration_ms
from services.orchestrator.domain.policy.words import Reference, choice, reference
from services.orchestrator.domain.policy_parts import Place
from shared.clock import MS_PER_SECOND

MIN_WINDOW_MS = 60 * MS_PER_SECOND
USUAL_ATTRIBUTES = {MatchKind.COUPON: "coupon_code", MatchKind.SKU: "sku"}


@dataclass(frozen=True, slots=True)
class ConversionsDeclaration:
    match: ConversionMatch
    place: Place
    attribute: Reference | None
    """Of the action; None where none is needed."""


def window_ms(node: Node) -> int:
    span_ms = duration_ms(node)
    if MIN_WINDOW_MS <= span_ms <= MAX_WINDOW_MS:
        return span_ms
    raise Refused(node.place, "must be from one minute to 400 days", code="OUT_OF_RANGE")


MATCH = Field("match", leaf(choice({kind.name for kind in MatchKind})), required=True)
ATTRIBUTE = Field("attribute", leaf(reference))
CONVERSION_FIELDS: tuple[Field[Any], ...] = (MATCH, ATTRIBUTE)


def read_conversions(node: Node, findings: Findings) -> ConversionsDeclaration | None:
    fields = read_fields(node.place, node, CONVERSION_FIELDS, findings)
    name = fields.get(MATCH, None)
    if name is None:
        return None
    kind = MatchKind[name]
    attribute = fields.get(ATTRIBUTE, None)
    if kind is MatchKind.ANY:
        if attribute is not None:
            findings.error(attribute.place, "CONTRADICTION", "attribute: of match: any every purchase counts")
        return ConversionsDeclaration(ConversionMatch(kind), node.place, None)
    attribute = attribute or Reference(USUAL_ATTRIBUTES[kind], fields.place(MATCH))
    return ConversionsDeclaration(ConversionMatch(kind, attribute.name), node.place, attribute)
