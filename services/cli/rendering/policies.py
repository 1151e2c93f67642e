"""Policy versions, for people."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from tandem.orchestrator.v1 import policy_lifecycle_pb2 as pb
from tandem.orchestrator.v1 import policy_pb2

_STYLES = {
    policy_pb2.POLICY_STATE_ACTIVE: "bold green",
    policy_pb2.POLICY_STATE_APPROVED: "green",
    policy_pb2.POLICY_STATE_RETIRED: "dim",
}


def state_name(policy: policy_pb2.Policy) -> str:
    return policy_pb2.PolicyState.Name(policy.state).removeprefix("POLICY_STATE_")


def policies_view(policies: Iterable[policy_pb2.Policy]) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    for name in ("version", "policy", "state", "published", "by", "approved by", "last active since"):
        table.add_column(name, no_wrap=name == "version", overflow="fold")
    for each in policies:
        table.add_row(
            each.policy_version,
            each.policy,
            Text(state_name(each), _STYLES.get(each.state, "")),
            _minute(each.publish_time),
            each.author or "-",
            each.approver or "-",
            _minute(each.activate_time) if each.HasField("activate_time") else "-",
        )
    return table if table.row_count else Text("no policy was published")


def policy_view(answer: pb.GetPolicyResponse) -> RenderableType:
    policy = answer.policy
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    facts = (
        ("version", policy.policy_version),
        ("policy", policy.policy),
        ("state", state_name(policy)),
        ("published", _who(policy.publish_time, policy.author)),
        ("approved", _who(policy.approve_time, policy.approver) if policy.HasField("approve_time") else ""),
        ("activated", _who(policy.activate_time, policy.activator) if policy.HasField("activate_time") else ""),
        ("rule set", answer.versions.rule_set),
        ("catalogue", answer.versions.catalogue),
    )
    for name, text in facts:
        if text:
            table.add_row(name, text)
    return table


def policy_line(policy: policy_pb2.Policy) -> str:
    """What became of it."""
    by = policy.activator if policy.active else policy.approver
    return f"{policy.policy_version} ({policy.policy}) is {state_name(policy)}" + (f", by {by}" if by else "")


def _who(time: Timestamp, name: str) -> str:
    return f"{_minute(time)} by {name}" if name else _minute(time)


def _minute(stamp: Timestamp) -> str:
    """In UTC, as everything is."""
    return f"{stamp.ToDatetime():%Y-%m-%d %H:%M}"
