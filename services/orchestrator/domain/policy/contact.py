"""Contact policy and control arms: read and checked in full, though this version does not act on them."""

from __future__ import annotations

from collections.abc import Sequence

from services.orchestrator.domain.policy.fields import Field, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, where
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import duration_ms, integer, number, time_of_day
from services.orchestrator.domain.policy.words import Reference, choice, identifier, reference, within
from services.orchestrator.domain.policy_parts import Place

DAYS = frozenset({"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"})


LIMIT_ID = Field("id", leaf(reference), required=True)
CHANNEL = Field("channel", leaf(reference))
MAX = Field("max", within(integer, 1, 1_000_000), required=True)
WINDOW = Field("window", leaf(duration_ms), required=True)
COUNTS = Field("counts", leaf(choice({"RESERVED", "ATTEMPTED", "DELIVERED", "IMPRESSION"})))
DIRECTION = Field("direction", leaf(choice({"INBOUND", "OUTBOUND"})))
MESSAGE_CLASS = Field("message_class", leaf(identifier))
SCOPE = Field("scope", leaf(choice({"POLICY", "ISSUE", "GROUP", "ACTION"})))
LIMIT_FIELDS = (LIMIT_ID, CHANNEL, MAX, WINDOW, COUNTS, DIRECTION, MESSAGE_CLASS, SCOPE)


def _limit(node: Node, findings: Findings) -> tuple[Reference | None, Reference | None]:
    fields = read_fields(node.place, node, LIMIT_FIELDS, findings)
    return fields.get(LIMIT_ID, None), fields.get(CHANNEL, None)


def _limits(node: Node, findings: Findings) -> tuple[Reference, ...]:
    read = list_of(_limit)(node, findings)
    seen: dict[str, Place] = {}
    for limit_id in (limit_id for limit_id, _ in read if limit_id is not None):
        if limit_id.name in seen:
            message = f'the contact limit "{limit_id.name}" is declared twice: first at {where(seen[limit_id.name])}'
            findings.error(limit_id.place, "DUPLICATE_CONTACT_LIMIT", message)
        seen.setdefault(limit_id.name, limit_id.place)
    return tuple(channel for _, channel in read if channel is not None)


QUIET_CHANNEL = Field("channel", leaf(reference), required=True)
FROM = Field("from", leaf(time_of_day), required=True)
TO = Field("to", leaf(time_of_day), required=True)
ON_DAYS = Field("days", list_of(leaf(choice(DAYS))))


def _quiet(node: Node, findings: Findings) -> Reference | None:
    fields = read_fields(node.place, node, (QUIET_CHANNEL, FROM, TO, ON_DAYS), findings)
    start = fields.get(FROM, None)
    if start is not None and start == fields.get(TO, None):
        findings.error(fields.place(TO), "OUT_OF_RANGE", "to: must differ from from")
    return fields.get(QUIET_CHANNEL, None)


LIMITS = Field("limits", _limits)
QUIET_HOURS = Field("quiet_hours", list_of(_quiet))


def read_contact_policy(place: Place, node: Node, findings: Findings) -> tuple[Reference, ...]:
    """The channels it mentions, to be checked against the declared ones."""
    fields = read_fields(place, node, (LIMITS, QUIET_HOURS), findings)
    findings.warning(place, "NOT_ENFORCED_YET", "this version keeps no contact ledger: contact_policy has no effect")
    return fields.get(LIMITS, ()) + fields.get(QUIET_HOURS, ())


def read_arm(key: ScalarNode, node: Node, findings: Findings) -> float:
    """The share of the population that is decided for in another way."""
    identifier(key)
    return within(number, 0, 1)(node, findings)


def check_arms(place: Place, shares: Sequence[float], findings: Findings) -> None:
    if sum(shares) >= 1:
        findings.error(place, "OUT_OF_RANGE", f"the arms add up to {sum(shares):g}: they must leave a rest")
    findings.warning(place, "NOT_ENFORCED_YET", "this version puts everybody in one arm: arms has no effect")
