"""What a channel connector needs of a decision: one row for each placement, or for each of its propositions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from tandem.orchestrator.v1 import decision_pb2 as pb
from tandem.profile.v1.profile_pb2 import Profile

from services.cli.audience.columns import COLUMNS

Row = dict[str, Any]


def rows_of(campaign_id: str, profile: Profile, answer: pb.DecideResponse) -> Iterator[Row]:
    shared = {
        "campaign_id": campaign_id,
        "decision_id": answer.decision_id,
        "decision_time": _moment(answer.decision_time),
        "policy_version": answer.versions.policy,
        "profile_id": profile.profile_id,
        "identities": [f"{each.namespace}:{each.value}" for each in profile.identities],
        "degraded": answer.degraded,
    }
    for placement in answer.placement_results:
        for row in _of_placement(placement):
            yield dict.fromkeys(COLUMNS) | shared | {"placement_id": placement.placement_id} | row


def _of_placement(placement: pb.PlacementResult) -> Iterator[Row]:
    match placement.WhichOneof("result"):
        case "propositions":
            yield from map(_proposition, placement.propositions.items)
        case "fallback":
            shown = placement.fallback
            yield {
                "result": "FALLBACK",
                "reason": _reason(shown.reason),
                "channel": shown.channel,
                "treatment": shown.treatment,
                "locale": shown.locale,
                "content": _content(shown.content),
            }
        case _:
            yield {"result": "NO_ACTION", "reason": _reason(placement.no_action.reason)}


def _proposition(shown: pb.Proposition) -> Row:
    window = shown.send_window
    return {
        "result": "PROPOSITION",
        "rank": shown.rank,
        "proposition_id": shown.proposition_id,
        "channel": shown.channel,
        "address": shown.consent_ref.rpartition("#")[0],
        "issue": shown.issue,
        "group": shown.group,
        "action": shown.action,
        "treatment": shown.treatment,
        "message_class": shown.message_class,
        "locale": shown.locale,
        "content": _content(shown.content),
        "content_version": shown.content_version,
        "tracking_token": shown.tracking_token,
        "reservation_id": shown.reservation_id,
        "consent_ref": shown.consent_ref,
        "send_earliest": _moment(window.earliest) if window.HasField("earliest") else None,
        "send_latest": _moment(window.latest) if window.HasField("latest") else None,
        "expire_time": _moment(shown.expire_time) if shown.HasField("expire_time") else None,
        "priority": shown.priority,
        "propensity": shown.propensity,
        "choice_probability": shown.choice_probability,
        "business_value": shown.business_value,
        "cost": shown.cost,
    }


def _content(parts: Any) -> str:
    """As JSON: which parts there are depends on the channel."""
    return json.dumps(dict(sorted(parts.items())), ensure_ascii=False)


def _reason(number: Any) -> str:
    return pb.NoActionReason.Name(number).removeprefix("NO_ACTION_REASON_")


def _moment(timestamp: Timestamp) -> int:
    """Milliseconds."""
    return timestamp.ToMilliseconds()
