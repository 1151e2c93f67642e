"""Channels and the placements on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.catalogue import Channel, Direction
from services.orchestrator.domain.policy.arbitration import CHANNEL_SILENCE
from services.orchestrator.domain.policy.conditions import STAGE_FIELDS, rules_of
from services.orchestrator.domain.policy.explorations import EXPLORATION_BUDGET
from services.orchestrator.domain.policy.fields import Field, distinct, leaf, mapping, optional, read_fields
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.pressure import PRESSURE_WEIGHT, PressureWeight
from services.orchestrator.domain.policy.scalars import integer
from services.orchestrator.domain.policy.shapes import one_of, open_mapping
from services.orchestrator.domain.policy.words import Reference, choice, identifier, reference, upper_identifier, within
from services.orchestrator.domain.policy_parts import Place, RulePart
from services.orchestrator.domain.text_limits import Charset, TextLimits

MAX_LENGTH = 1_000_000


@dataclass(frozen=True, slots=True)
class ChannelDeclaration:
    channel: Channel
    rules: tuple[RulePart, ...]
    """For every treatment on it."""
    exploration_budget: float | None
    """None: as the arbitration says."""
    silence: float | None = None
    """With which probability a place stays silent on purpose; None: as the arbitration says."""
    pressure_weight: PressureWeight | None = None
    """How much a contact counts as pressure; None: as much as any other."""


@dataclass(frozen=True, slots=True)
class PlacementDeclaration:
    """A slot; `channel` is None where none can be read: reported already."""

    placement_id: str
    place: Place
    channel: Reference | None
    fallback: Reference | None


def _limits(node: Node, findings: Findings) -> TextLimits:
    lengths: dict[str, int] = {}
    charset: str | None = None
    for key, child in distinct(mapping(node), findings):
        if key.text == "charset":
            charset = optional(leaf(choice({kind.value for kind in Charset})), child, findings)
            continue
        part = optional(leaf(identifier), key, findings)
        length = optional(within(integer, 1, MAX_LENGTH), child, findings)
        if part is not None and length is not None:
            lengths[part] = length
    return TextLimits(lengths, Charset(charset) if charset else Charset.UNICODE)


_LIMITS_SHAPE = open_mapping(
    {"type": "integer", "minimum": 1, "maximum": MAX_LENGTH}, {"charset": one_of(kind.value for kind in Charset)}
)

DIRECTION = Field("direction", leaf(choice({"INBOUND", "OUTBOUND"})), required=True)
PURPOSE = Field("purpose", leaf(upper_identifier))
CONSENT = Field("consent", leaf(choice({"REQUIRED", "NONE"})))
LIMITS = Field("limits", _limits, shape=_LIMITS_SHAPE)
CHANNEL_FIELDS: tuple[Field[Any], ...] = (
    DIRECTION,
    PURPOSE,
    CONSENT,
    LIMITS,
    EXPLORATION_BUDGET,
    CHANNEL_SILENCE,
    PRESSURE_WEIGHT,
    *STAGE_FIELDS,
)


_OUTBOUND_ONLY: tuple[tuple[Field[Any], str], ...] = (
    (EXPLORATION_BUDGET, "whose contacts are scarce"),
    (PRESSURE_WEIGHT, "an answer to who comes to us is no pressure"),
)
"""Fields, and why."""


def read_channel(key: ScalarNode, node: Node, findings: Findings) -> ChannelDeclaration:
    """A channel whose direction cannot be read counts as OUTBOUND, the stricter one."""
    name = upper_identifier(key)
    fields = read_fields(key.place, node, CHANNEL_FIELDS, findings)
    direction = Direction[fields.get(DIRECTION, "OUTBOUND")]
    consent = fields.get(CONSENT, "REQUIRED" if direction is Direction.OUTBOUND else "NONE")
    channel = Channel(
        name,
        direction,
        purpose=fields.get(PURPOSE, "MARKETING"),
        needs_consent=consent == "REQUIRED",
        limits=fields.get(LIMITS, TextLimits()),
    )
    if direction is Direction.INBOUND:
        for field, why in _OUTBOUND_ONLY:
            if fields.is_written(field):
                message = f"{field.name}: is for outbound channels, {why}"
                findings.error(fields.place(field), "CONTRADICTION", message)
    budget, silence = fields.get(EXPLORATION_BUDGET, None), fields.get(CHANNEL_SILENCE, None)
    weight = fields.get(PRESSURE_WEIGHT, None)
    weighed = None if weight is None else PressureWeight(weight, fields.place(PRESSURE_WEIGHT))
    return ChannelDeclaration(channel, rules_of(fields), budget, silence, weighed)


CHANNEL = Field("channel", leaf(reference), required=True)
FALLBACK = Field("fallback", leaf(reference))
PLACEMENT_FIELDS = (CHANNEL, FALLBACK)


def read_placement(key: ScalarNode, node: Node, findings: Findings) -> PlacementDeclaration:
    placement_id = identifier(key)
    fields = read_fields(key.place, node, PLACEMENT_FIELDS, findings)
    return PlacementDeclaration(placement_id, key.place, fields.get(CHANNEL, None), fields.get(FALLBACK, None))
