"""`arms:` - small shares of the customers who are decided for in another way.

arms: {holdout: 0.02, random_eligible: 0.01}
arms_salt: spring        # the policy's name where it is left out: a new version keeps everybody's arm
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.domain.arms import CONTROLS, NO_ARMS, Arm, Arms
from services.orchestrator.domain.policy.fields import Field, Shape, leaf
from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import number
from services.orchestrator.domain.policy.sections import Sections
from services.orchestrator.domain.policy.shapes import NAME
from services.orchestrator.domain.policy.words import identifier, within
from services.orchestrator.domain.policy_parts import Place

ARMS = "arms"
NAMES = {arm.name.lower(): arm for arm in CONTROLS}
ARMS_SHAPE: Shape = {
    "type": ["object", "null"],
    "properties": {name: {"type": "number", "minimum": 0, "maximum": 1} for name in NAMES},
    "additionalProperties": False,
}
ARMS_SALT = Field("arms_salt", leaf(identifier, NAME))


@dataclass(frozen=True, slots=True)
class ArmDeclaration:
    arm: Arm
    share: float


def read_arms(sections: Sections, findings: Findings) -> Arms:
    """`salt` is empty where it is not written."""
    salt = sections.single(ARMS_SALT) or ""
    written = sections.record(ARMS)
    if written is None:
        return Arms(salt)
    declared = sections.named(ARMS, "arm", _arm)
    _check(written.place, declared, findings)
    shares = {each.arm: each.share for each in sorted(declared, key=lambda each: each.arm) if each.share}
    return Arms(salt, shares)


def salted(arms: Arms, policy_name: str) -> Arms:
    """With a salt, where there are any."""
    return Arms(arms.salt or policy_name, arms.shares) if arms.are_declared else NO_ARMS


def _arm(key: ScalarNode, node: Node, findings: Findings) -> ArmDeclaration:
    name = identifier(key)
    if name not in NAMES:
        message = f'there is no arm "{name}"{suggestion(name, NAMES)}: the rest is decided for as the policy says'
        raise Refused(key.place, message, code="UNKNOWN_ARM")
    return ArmDeclaration(NAMES[name], within(number, 0, 1)(node, findings))


def _check(place: Place, declared: Sequence[ArmDeclaration], findings: Findings) -> None:
    total = sum(each.share for each in declared)
    if total >= 1:
        findings.error(place, "OUT_OF_RANGE", f"the arms add up to {total:g}: they must leave a rest")
