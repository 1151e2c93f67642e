"""Contact policy: contact limits, suppression rules, quiet hours and the order of channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.contact_rules import PREFETCH_MS, Residence
from services.orchestrator.domain.policy.contact_limit import LIMIT_FIELDS, LimitDeclaration, check_limits, read_limit
from services.orchestrator.domain.policy.fields import Field, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.preferred_channels import (
    PRIORITY_SHAPE,
    PriorityDeclaration,
    read_channel_priority,
)
from services.orchestrator.domain.policy.quiet_hour import QUIET_FIELDS, QuietDeclaration, read_quiet_hours
from services.orchestrator.domain.policy.residence import NO_REGION, REGION_FIELDS, RegionDeclaration, read_region
from services.orchestrator.domain.policy.scalars import duration_ms
from services.orchestrator.domain.policy.shapes import DURATION, TEXT, list_shape, record
from services.orchestrator.domain.policy.suppression_rule import SUPPRESSION_FIELDS, read_suppression_rule
from services.orchestrator.domain.policy.time_zones import time_zone
from services.orchestrator.domain.policy.words import Reference, reference
from services.orchestrator.domain.policy_parts import ContactLimitPart, Place
from services.orchestrator.domain.quiet_hours import QuietHour
from shared.clock import MS_PER_DAY, MS_PER_SECOND

MAX_PREFETCH_MS = 31 * MS_PER_DAY
"""As long as the ledger holds a reservation."""


@dataclass(frozen=True, slots=True)
class ContactPolicyDeclaration:
    """What is written under contact_policy, names not yet looked up."""

    limits: tuple[LimitDeclaration, ...] = ()
    """Suppression rules included."""
    quiet_hours: tuple[QuietDeclaration, ...] = ()
    quiet_place: Place | None = None
    time_zone: str = ""
    time_zone_trait: Reference | None = None
    region: RegionDeclaration = NO_REGION
    priority: PriorityDeclaration | None = None
    prefetch_ms: int = PREFETCH_MS

    @property
    def channels(self) -> tuple[Reference, ...]:
        """All that it mentions."""
        limited = (channel for limit in self.limits for channel in limit.mentions["channel"])
        quiet = (channel for rule in self.quiet_hours for channel in rule.channels)
        return (*limited, *quiet, *(() if self.priority is None else self.priority.order))

    @property
    def parts(self) -> tuple[ContactLimitPart, ...]:
        """Contact limits and suppression rules."""
        return tuple(limit.part for limit in self.limits if limit.part is not None)

    @property
    def quiet_rules(self) -> tuple[QuietHour, ...]:
        return tuple(each.part for each in self.quiet_hours if each.part is not None)

    @property
    def residence(self) -> Residence:
        return Residence(
            self.time_zone,
            _name(self.time_zone_trait),
            self.region.region,
            _name(self.region.country_trait),
            _name(self.region.subdivision_trait),
        )


def _name(trait: Reference | None) -> str:
    return "" if trait is None else trait.name


def _prefetch(node: Node) -> int:
    span_ms = duration_ms(node)
    if MS_PER_SECOND <= span_ms <= MAX_PREFETCH_MS:
        return span_ms
    message = f"must be from one second to {MAX_PREFETCH_MS // MS_PER_DAY} days"
    raise Refused(node.place, message, code="OUT_OF_RANGE")


LIMITS = Field("limits", list_of(read_limit), shape=list_shape(record(LIMIT_FIELDS)))
SUPPRESSION_RULES = Field(
    "suppression_rules", list_of(read_suppression_rule), shape=list_shape(record(SUPPRESSION_FIELDS))
)
QUIET_HOURS = Field("quiet_hours", read_quiet_hours, shape=list_shape(record(QUIET_FIELDS)))
TIME_ZONE = Field("time_zone", leaf(time_zone, TEXT))
TIME_ZONE_TRAIT = Field("time_zone_trait", leaf(reference))
PUBLIC_HOLIDAYS = Field("public_holidays", read_region, shape=record(REGION_FIELDS))
CHANNEL_PRIORITY = Field("channel_priority", read_channel_priority, shape=PRIORITY_SHAPE)
PREFETCH_TTL = Field("prefetch_ttl", leaf(_prefetch, DURATION))
CONTACT_FIELDS: tuple[Field[Any], ...] = (
    *(LIMITS, SUPPRESSION_RULES, QUIET_HOURS, TIME_ZONE, TIME_ZONE_TRAIT),
    *(PUBLIC_HOLIDAYS, CHANNEL_PRIORITY, PREFETCH_TTL),
)


def read_contact_policy(place: Place, node: Node, findings: Findings) -> ContactPolicyDeclaration:
    fields = read_fields(place, node, CONTACT_FIELDS, findings)
    limits = (*fields.get(LIMITS, ()), *fields.get(SUPPRESSION_RULES, ()))
    check_limits(limits, findings)
    return ContactPolicyDeclaration(
        limits,
        fields.get(QUIET_HOURS, ()),
        fields.place(QUIET_HOURS) if fields.is_written(QUIET_HOURS) else None,
        fields.get(TIME_ZONE, ""),
        fields.get(TIME_ZONE_TRAIT, None),
        fields.get(PUBLIC_HOLIDAYS, NO_REGION),
        fields.get(CHANNEL_PRIORITY, None),
        fields.get(PREFETCH_TTL, PREFETCH_MS),
    )
