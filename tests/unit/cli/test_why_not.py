"""Which time `tandem why-not` asks about, and what it says where nobody decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1.stage_pb2 import Dropped
from tandem.common.v1.value_pb2 import TypedValue
from tandem.orchestrator.v1.arbitration_pb2 import PressureStanding
from tandem.orchestrator.v1.why_not_pb2 import WhyNotDecision, WhyNotRequest, WhyNotResponse

from services.cli.commands.why_not import span_at
from services.cli.rendering.absence import absence_lines

MS = timedelta(milliseconds=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("at", "within", "zone", "start", "end"),
    [
        ("2026-11-17", "1h", "UTC", utc(2026, 11, 17), utc(2026, 11, 18)),
        ("2026-11-17", "1h", "Europe/Paris", utc(2026, 11, 16, 23), utc(2026, 11, 17, 23)),
        # The day on which summer time ends has 25 hours.
        ("2026-10-25", "1h", "Europe/Paris", utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)),
        ("2026-11-17T10:00Z", "15m", "UTC", utc(2026, 11, 17, 9, 45), utc(2026, 11, 17, 10, 15) + MS),
        ("2026-11-17T10:00+02:00", "1h", "UTC", utc(2026, 11, 17, 7), utc(2026, 11, 17, 9) + MS),
        ("2026-11-17T10:00", "1h", "Europe/Paris", utc(2026, 11, 17, 8), utc(2026, 11, 17, 10) + MS),
    ],
)
def test_a_day_is_that_of_the_zone_and_a_moment_has_room_around_it(
    at: str, within: str, zone: str, start: datetime, end: datetime
) -> None:
    assert span_at(at, within, zone) == (start, end)


@pytest.mark.parametrize(
    ("at", "within", "zone"),
    [
        ("tuesday", "1h", "UTC"),
        ("2026-13-01", "1h", "UTC"),
        ("0001-01-01", "1h", "Europe/Paris"),
        ("2026-11-17T10:00Z", "soon", "UTC"),
        ("2026-11-17", "1h", "Mars/Olympus"),
        ("2026-11-17", "1h", "../../etc/passwd"),
    ],
)
def test_what_is_no_time_is_a_usage_error(at: str, within: str, zone: str) -> None:
    with pytest.raises(click.UsageError):
        span_at(at, within, zone)


def test_a_gap_is_named_with_its_end_and_what_the_person_was_under() -> None:
    until = TypedValue(timestamp_value=Timestamp(seconds=1_799_900_000))
    dropped = Dropped(
        action="tea",
        channel="EMAIL",
        stage="DROP_STAGE_CONTACT_POLICY",
        rule_id="contact_gap",
        attribute="now()",
        observed=until,
        status="FEATURE_STATUS_PRESENT",
        threshold=">= 2027-01-15T08:00:00Z",
    )
    standing = PressureStanding(level=1.5, contacts=2, price=0.25, certainty=1, in_gap=True, gap_probability=0.05)
    standing.gap_end_time.FromSeconds(1_800_000_000)
    decision = WhyNotDecision(verdict="WHY_NOT_VERDICT_DROPPED", reasons=[dropped], pressure=standing)
    lines = list(absence_lines(WhyNotRequest(action="tea"), WhyNotResponse(decisions=[decision])))
    assert lines[1:] == [
        "  CONTACT_POLICY on EMAIL: contact_gap: needs now() >= 2027-01-15T08:00:00Z; it held 2027-01-14 04:13:20 UTC",
        "  pressure: level 1.5 after 2 contacts; one more of weight 1 costs 0.25 later (certainty 100 %); "
        "in a contact gap until 2027-01-15 08:00:00 UTC, with a chance of 5 %",
    ]
