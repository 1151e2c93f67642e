"""What a store keeps beside a decision for reports of performance."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.performance_store import Contacted, PerformanceRow
from services.orchestrator.domain.arms import NO_STANDING, Arm, ArmStanding, Membership

READ_AT_ONCE = 200
"""Records, which are some kilobytes each."""

_Compared = tuple[int, int, str, list[str], list[tuple[str, str, str, str]]]
_decoder = msgspec.json.Decoder(_Compared)


def encode_compared(record: DecisionRecord) -> str:
    """Arm, membership, campaign, segments, contacts."""
    contacts = [
        (place.placement_id, each.action, each.channel, each.treatment)
        for place in record.answer.placements
        for each in place.propositions
    ]
    standing = int(record.arm.arm), int(record.arm.membership)
    row = (*standing, record.command.campaign_id, list(record.reported_segments), contacts)
    return msgspec.json.encode(row).decode()


def performance_row(
    decision_id: str, profile_id: str, decision_time_ms: int, policy_version: str, compared: str
) -> PerformanceRow:
    """Nothing is kept of decisions of before arms were compared."""
    if not compared:
        return PerformanceRow(decision_id, profile_id, decision_time_ms, policy_version, NO_STANDING)
    arm, membership, campaign_id, segments, contacts = _decoder.decode(compared)
    return PerformanceRow(
        decision_id,
        profile_id,
        decision_time_ms,
        policy_version,
        ArmStanding(Arm(arm), Membership(membership)),
        campaign_id,
        tuple(segments),
        tuple(Contacted(*each) for each in contacts),
    )


def in_pages(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + READ_AT_ONCE] for start in range(0, len(ids), READ_AT_ONCE)]
