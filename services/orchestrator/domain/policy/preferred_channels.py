"""Channel priority as it is written: a list of channels, or an order and a trait that knows better."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.channel_priority import ChannelPriority
from services.orchestrator.domain.policy.fields import Field, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, where
from services.orchestrator.domain.policy.nodes import ListNode, Node
from services.orchestrator.domain.policy.shapes import NAME, either, list_shape, record
from services.orchestrator.domain.policy.words import Reference, reference
from services.orchestrator.domain.policy_parts import Place

ORDER = Field("order", list_of(leaf(reference)))
TRAIT = Field("trait", leaf(reference))
PRIORITY_FIELDS = (ORDER, TRAIT)
PRIORITY_SHAPE = either(list_shape(NAME), record(PRIORITY_FIELDS))


@dataclass(frozen=True, slots=True)
class PriorityDeclaration:
    order: tuple[Reference, ...] = ()
    trait: Reference | None = None

    @property
    def part(self) -> ChannelPriority:
        names = tuple(channel.name.upper() for channel in self.order)
        return ChannelPriority(names, "" if self.trait is None else self.trait.name)


def read_channel_priority(node: Node, findings: Findings) -> PriorityDeclaration:
    if isinstance(node, ListNode):
        declared = PriorityDeclaration(list_of(leaf(reference))(node, findings))
    else:
        fields = read_fields(node.place, node, PRIORITY_FIELDS, findings)
        declared = PriorityDeclaration(fields.get(ORDER, ()), fields.get(TRAIT, None))
        if not (fields.is_written(ORDER) or fields.is_written(TRAIT)):
            findings.error(node.place, "MISSING_KEY", 'the key "order" or "trait" is missing')
    _check_distinct(declared, findings)
    return declared


def _check_distinct(declared: PriorityDeclaration, findings: Findings) -> None:
    seen: dict[str, Place] = {}
    for channel in declared.order:
        if channel.name in seen:
            message = f"{channel.name} has a place already, at {where(seen[channel.name])}"
            findings.error(channel.place, "CONTRADICTION", message)
        seen.setdefault(channel.name, channel.place)
