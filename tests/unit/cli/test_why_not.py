"""Which time `tandem why-not` asks about, and what it says where nobody decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from services.cli.commands.why_not import span_at

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
