"""Moments of a schedule come by the clocks of a place, also on the days when these jump."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rules.domain.triggers.declaration import Schedule
from services.rules.domain.triggers.schedule import next_tick
from shared.clock import to_datetime, to_ms
from tests.support.promises import strength

MINUTE, MINUTE_MS = timedelta(minutes=1), 60_000


def ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


def ticks(schedule: Schedule, after: str, count: int) -> list[str]:
    found, moment_ms = [], ms(after)
    for _ in range(count):
        moment_ms = next_tick(schedule, moment_ms)
        found.append(to_datetime(moment_ms).strftime("%m-%dT%H:%M"))
    return found


def test_the_moment_itself_is_not_after_itself() -> None:
    assert ticks(Schedule("09:30"), "2026-06-15T09:29:59", 2) == ["06-15T09:30", "06-16T09:30"]
    assert ticks(Schedule("09:30"), "2026-06-15T09:30:00", 1) == ["06-16T09:30"]


def test_days_of_the_week_are_those_of_the_place() -> None:
    # Monday, 00:30 in Auckland, is Sunday in UTC.
    assert ticks(Schedule("00:30", (1,), "Pacific/Auckland"), "2026-06-10T00:00", 2) == ["06-14T12:30", "06-21T12:30"]


def test_a_skipped_moment_is_the_next_that_exists() -> None:
    # On 29 March 2026 the clocks of Paris go from 02:00 to 03:00, which is 01:00 UTC.
    schedule = Schedule("02:30", time_zone="Europe/Paris")
    assert ticks(schedule, "2026-03-28T00:00", 3) == ["03-28T01:30", "03-29T01:00", "03-30T00:30"]


def test_a_moment_that_comes_twice_is_the_first() -> None:
    # On 25 October 2026 they go from 03:00 back to 02:00, which is 01:00 UTC.
    schedule = Schedule("02:30", time_zone="Europe/Paris")
    assert ticks(schedule, "2026-10-24T00:00", 3) == ["10-24T00:30", "10-25T00:30", "10-26T01:30"]


def test_a_day_that_a_place_skipped_is_at_its_end() -> None:
    # Samoa had no 30 December 2011; its 31st began at 10:00 UTC of the 30th.
    schedule = Schedule("09:00", time_zone="Pacific/Apia")
    assert ticks(schedule, "2011-12-29T20:00", 2) == ["12-30T10:00", "12-30T19:00"]


ZONES = ["Europe/Paris", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "America/St_Johns", "UTC"]


@given(
    zone=st.sampled_from(ZONES),
    hour=st.sampled_from([0, 1, 2, 3, 12, 23]),
    minute=st.sampled_from([0, 15, 30, 59]),
    weekdays=st.sampled_from([(), (), (1, 2, 4, 5, 6, 7)]),
    start=st.integers(ms("2016-01-01") // MINUTE_MS, ms("2030-01-01") // MINUTE_MS),
)
@settings(max_examples=strength(reduced=12, full=500), deadline=None)
def test_it_is_the_first_minute_at_which_the_clocks_say_so(
    zone: str, hour: int, minute: int, weekdays: tuple[int, ...], start: int
) -> None:
    found = to_datetime(next_tick(Schedule(f"{hour:02}:{minute:02}", weekdays, zone), start * MINUTE_MS))
    moment = to_datetime(start * MINUTE_MS) + MINUTE
    while not _is_due(moment, ZoneInfo(zone), (hour, minute), weekdays):
        moment += MINUTE
    assert found == moment


def _is_due(moment: datetime, zone: ZoneInfo, wanted: tuple[int, int], weekdays: tuple[int, ...]) -> bool:
    """Whether clocks show the time, or passed it in a jump, for the first time of a day."""
    now, before = (each.astimezone(zone).replace(tzinfo=None) for each in (moment, moment - MINUTE))
    if weekdays and now.isoweekday() not in weekdays:
        return False
    today = now.replace(hour=wanted[0], minute=wanted[1])
    if not before < today <= now:
        return False
    # Not a second time: an hour ago, two at most, the clocks did not show it.
    return all((moment - back * MINUTE).astimezone(zone).replace(tzinfo=None) != today for back in range(1, 181))


@pytest.mark.parametrize("after_ms", [0, -1, 253_370_000_000_000])
def test_the_ends_of_time_are_no_trouble(after_ms: int) -> None:
    assert next_tick(Schedule("09:00", (3,), "Europe/Paris"), after_ms) > after_ms
