"""Contact policy and control arms: contact limits in full; quiet hours and arms are checked, and not acted on yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.domain.policy.contact_limit import LIMIT_FIELDS, LimitDeclaration, read_limits
from services.orchestrator.domain.policy.fields import Field, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import number, time_of_day
from services.orchestrator.domain.policy.shapes import TEXT, list_shape, record
from services.orchestrator.domain.policy.time_zones import time_zone
from services.orchestrator.domain.policy.words import Reference, choice, identifier, reference, within
from services.orchestrator.domain.policy_parts import Place

DAYS = frozenset({"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"})


@dataclass(frozen=True, slots=True)
class ContactPolicyDeclaration:
    """What is written under contact_policy, names not yet looked up."""

    limits: tuple[LimitDeclaration, ...] = ()
    quiet_channels: tuple[Reference, ...] = ()
    time_zone: str = ""
    time_zone_trait: Reference | None = None

    @property
    def channels(self) -> tuple[Reference, ...]:
        """All that it mentions."""
        return (*(channel for limit in self.limits for channel in limit.mentions["channel"]), *self.quiet_channels)


QUIET_CHANNEL = Field("channel", leaf(reference), required=True)
FROM = Field("from", leaf(time_of_day), required=True)
TO = Field("to", leaf(time_of_day), required=True)
ON_DAYS = Field("days", list_of(leaf(choice(DAYS))))
QUIET_FIELDS = (QUIET_CHANNEL, FROM, TO, ON_DAYS)


def _quiet(node: Node, findings: Findings) -> Reference | None:
    fields = read_fields(node.place, node, QUIET_FIELDS, findings)
    start = fields.get(FROM, None)
    if start is not None and start == fields.get(TO, None):
        findings.error(fields.place(TO), "OUT_OF_RANGE", "to: must differ from from")
    return fields.get(QUIET_CHANNEL, None)


LIMITS = Field("limits", read_limits, shape=list_shape(record(LIMIT_FIELDS)))
QUIET_HOURS = Field("quiet_hours", list_of(_quiet), shape=list_shape(record(QUIET_FIELDS)))
TIME_ZONE = Field("time_zone", leaf(time_zone, TEXT))
TIME_ZONE_TRAIT = Field("time_zone_trait", leaf(reference))
CONTACT_FIELDS = (LIMITS, QUIET_HOURS, TIME_ZONE, TIME_ZONE_TRAIT)


def read_contact_policy(place: Place, node: Node, findings: Findings) -> ContactPolicyDeclaration:
    fields = read_fields(place, node, CONTACT_FIELDS, findings)
    if fields.is_written(QUIET_HOURS):
        message = "this version does not hold back messages by the hour: quiet_hours has no effect"
        findings.warning(fields.place(QUIET_HOURS), "NOT_ENFORCED_YET", message)
    return ContactPolicyDeclaration(
        fields.get(LIMITS, ()),
        fields.get(QUIET_HOURS, ()),
        fields.get(TIME_ZONE, ""),
        fields.get(TIME_ZONE_TRAIT, None),
    )


def read_arm(key: ScalarNode, node: Node, findings: Findings) -> float:
    """The share of the population that is decided for in another way."""
    identifier(key)
    return within(number, 0, 1)(node, findings)


def check_arms(place: Place, shares: Sequence[float], findings: Findings) -> None:
    if sum(shares) >= 1:
        findings.error(place, "OUT_OF_RANGE", f"the arms add up to {sum(shares):g}: they must leave a rest")
    findings.warning(place, "NOT_ENFORCED_YET", "this version puts everybody in one arm: arms has no effect")
