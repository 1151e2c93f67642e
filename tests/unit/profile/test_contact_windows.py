"""Windows of contact limits: calendar units of the customer, whatever the clocks there do."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.ledger.limits import CalendarUnit, ContactLimit
from services.profile.domain.ledger.windows import Windows, unit_around
from services.profile.domain.time_zones import check_time_zone, zone_of
from shared.clock import to_datetime, to_ms
from shared.errors import InvalidArgument
from shared.time_zones import is_time_zone, zone

HOUR, DAY, WEEK, MONTH, YEAR = CalendarUnit
HOUR_MS = 3_600_000
ZONES = st.sampled_from(files("tzdata").joinpath("zones").read_text().split())
MOMENTS = st.integers(0, 2_500_000_000_000)


def bounds(unit: CalendarUnit, name: str, *wall: int) -> tuple[str, str, float]:
    """Begin and end as the wall there shows them, and the hours in between."""
    there = zone(name)
    start_ms, end_ms = unit_around(unit, to_ms(datetime(*wall, tzinfo=there)), there)  # type: ignore[arg-type, misc]
    shown = [to_datetime(moment_ms).astimezone(there).strftime("%Y-%m-%d %H:%M %z") for moment_ms in (start_ms, end_ms)]
    return shown[0], shown[1], (end_ms - start_ms) / HOUR_MS


@pytest.mark.parametrize(
    ("unit", "name", "wall", "begin", "end", "hours"),
    [
        # Clocks go forward and back: days of 23 and 25 hours, and an autumn hour that is shown twice.
        (DAY, "Europe/Paris", (2025, 3, 30, 12), "2025-03-30 00:00 +0100", "2025-03-31 00:00 +0200", 23),
        (DAY, "Europe/Paris", (2025, 10, 26, 1), "2025-10-26 00:00 +0200", "2025-10-27 00:00 +0100", 25),
        (HOUR, "Europe/Paris", (2025, 10, 26, 2, 30), "2025-10-26 02:00 +0200", "2025-10-26 03:00 +0100", 2),
        # A day that begins at one in the morning.
        (DAY, "America/Havana", (2024, 3, 10, 5), "2024-03-10 01:00 -0400", "2024-03-11 00:00 -0400", 23),
        # Half an hour of it skipped, before midnight.
        (DAY, "America/Toronto", (1919, 3, 31, 9), "1919-03-31 00:30 -0400", "1919-04-01 00:00 -0400", 23.5),
        # Clocks went back over midnight, into the day before: the new day goes on.
        (DAY, "America/St_Johns", (2008, 11, 2, 0), "2008-11-02 00:00 -0230", "2008-11-03 00:00 -0330", 25),
        # Samoa crossed the date line: 30 December 2011 did not exist.
        (DAY, "Pacific/Apia", (2011, 12, 29, 12), "2011-12-29 00:00 -1000", "2011-12-31 00:00 +1400", 24),
        (DAY, "Pacific/Apia", (2011, 12, 31, 12), "2011-12-31 00:00 +1400", "2012-01-01 00:00 +1400", 24),
        (WEEK, "Pacific/Apia", (2011, 12, 31, 12), "2011-12-26 00:00 -1000", "2012-01-02 00:00 +1400", 144),
        # Nepal is 5:45 ahead, and was 5:30 until 1986 began with 15 skipped minutes.
        (DAY, "Asia/Kathmandu", (2025, 7, 1, 0), "2025-07-01 00:00 +0545", "2025-07-02 00:00 +0545", 24),
        (DAY, "Asia/Kathmandu", (1986, 1, 1, 12), "1986-01-01 00:15 +0545", "1986-01-02 00:00 +0545", 23.75),
        (HOUR, "Asia/Kathmandu", (1986, 1, 1, 0, 20), "1986-01-01 00:15 +0545", "1986-01-01 01:00 +0545", 0.75),
        (WEEK, "UTC", (2026, 3, 1, 12), "2026-02-23 00:00 +0000", "2026-03-02 00:00 +0000", 168),
        (MONTH, "UTC", (2028, 2, 29, 12), "2028-02-01 00:00 +0000", "2028-03-01 00:00 +0000", 29 * 24),
        (MONTH, "UTC", (2025, 12, 31, 12), "2025-12-01 00:00 +0000", "2026-01-01 00:00 +0000", 31 * 24),
        (YEAR, "UTC", (2028, 12, 31, 23), "2028-01-01 00:00 +0000", "2029-01-01 00:00 +0000", 366 * 24),
    ],
)  # fmt: skip
def test_a_unit_is_what_the_wall_shows(
    unit: CalendarUnit, name: str, wall: tuple[int, ...], begin: str, end: str, hours: float
) -> None:
    assert bounds(unit, name, *wall) == (begin, end, hours)


@given(ZONES, MOMENTS, st.sampled_from(CalendarUnit))
def test_units_follow_one_another_without_gap_or_overlap(name: str, now_ms: int, unit: CalendarUnit) -> None:
    there = zone(name)
    start_ms, end_ms = unit_around(unit, now_ms, there)
    assert start_ms <= now_ms < end_ms
    assert unit_around(unit, start_ms, there) == (start_ms, end_ms)
    assert unit_around(unit, end_ms - 1, there) == (start_ms, end_ms)
    assert unit_around(unit, end_ms, there)[0] == end_ms
    assert unit_around(unit, start_ms - 1, there)[1] == start_ms


@given(ZONES, MOMENTS, st.sampled_from(CalendarUnit))
def test_no_unit_is_longer_than_a_limit_on_it_reaches(name: str, now_ms: int, unit: CalendarUnit) -> None:
    start_ms, end_ms = unit_around(unit, now_ms, zone(name))
    assert end_ms - start_ms <= ContactLimit("any", 1, calendar=unit).reach_ms


def test_a_rolling_window_is_open_at_its_beginning() -> None:
    window = Windows(10_000, zone("UTC")).of(ContactLimit("any", 1, window_ms=1_000))
    assert window.after_ms == 9_000
    assert window.leaves_ms(9_001) == 10_001


@pytest.mark.parametrize(
    "name", ["", "Atlantis/Capital", "europe/paris", "../UTC", "/etc/localtime", "localtime", "Europe"]
)
def test_what_is_no_time_zone_is_refused_and_says_nothing(name: str) -> None:
    assert not is_time_zone(name)
    with pytest.raises(InvalidArgument) as refusal:
        check_time_zone(name, "traits[0].value")
    assert refusal.value.violations[0].field == "traits[0].value"
    with pytest.raises(ValueError, match="not a time zone"):
        zone(name)
    assert zone_of(name, "Asia/Tokyo").key == "Asia/Tokyo"
    assert zone_of(name, name).key == "UTC"


def test_that_a_time_zone_is_not_known_may_be_said() -> None:
    check_time_zone(None, "value")
    assert zone_of(None, "Asia/Tokyo").key == "Asia/Tokyo"
