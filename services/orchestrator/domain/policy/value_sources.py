"""What actions are worth: `value: DECLARED`, the policy's `business_value`, or `LEARNT`, what their successes came to.

Of a group, or of the arbitration.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.policy.fields import Field, leaf
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.shapes import one_of
from services.orchestrator.domain.policy.words import choice
from services.orchestrator.domain.policy_parts import Place

DECLARED, LEARNT = "DECLARED", "LEARNT"


@dataclass(frozen=True, slots=True)
class WrittenValue:
    is_learnt: bool
    place: Place


_source = choice({DECLARED, LEARNT})


def _value(node: Node) -> WrittenValue:
    return WrittenValue(_source(node) == LEARNT, node.place)


VALUE_SOURCE = Field("value", leaf(_value, one_of(_source.allowed)))
