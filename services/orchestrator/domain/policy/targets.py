"""`targets:` - what the business wants to reach; GetPerformance puts what was reached beside it.

targets:
  spring_revenue: {metric: revenue, amount: 50000, per: 30d, group: spring}
  mail_clicks: {metric: response_rate, amount: 0.03, channel: email}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.policy.fields import Field, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import duration_ms, number
from services.orchestrator.domain.policy.words import Reference, choice, identifier, reference, within
from services.orchestrator.domain.targets import Target, TargetMetric
from shared.clock import MS_PER_SECOND

MAX_TARGETS = 200
MAX_AMOUNT = 1e15

METRIC = Field("metric", leaf(choice({metric.name for metric in TargetMetric})), required=True)
AMOUNT = Field("amount", within(number, 0, MAX_AMOUNT), required=True)
PER = Field("per", leaf(duration_ms))
ISSUE = Field("issue", leaf(reference))
GROUP = Field("group", leaf(reference))
ACTION = Field("action", leaf(reference))
CHANNEL = Field("channel", leaf(reference))
TARGET_FIELDS: tuple[Field[Any], ...] = (METRIC, AMOUNT, PER, ISSUE, GROUP, ACTION, CHANNEL)


@dataclass(frozen=True, slots=True)
class TargetDeclaration:
    target: Target
    mentions: Mapping[str, Reference | None]
    """By kind: issue, group, action, channel."""


def read_target(key: ScalarNode, node: Node, findings: Findings) -> TargetDeclaration | None:
    name = identifier(key)
    read = read_fields(key.place, node, TARGET_FIELDS, findings)
    word, per_ms = read.get(METRIC, ""), read.get(PER, None)
    if not word:
        return None
    metric = TargetMetric[word]
    if per_ms is not None and (metric is TargetMetric.RESPONSE_RATE or per_ms < MS_PER_SECOND):
        is_rate = metric is TargetMetric.RESPONSE_RATE
        message = "a rate is not per anything" if is_rate else "must be at least one second"
        raise Refused(read.place(PER), message, code="CONTRADICTION" if is_rate else "OUT_OF_RANGE")
    mentions = {field.name: read.get(field, None) for field in (ISSUE, GROUP, ACTION, CHANNEL)}
    names = {kind: "" if each is None else each.name for kind, each in mentions.items()}
    names["channel"] = names["channel"].upper()
    return TargetDeclaration(Target(name, metric, read.get(AMOUNT, 0.0), per_ms, **names), mentions)
