"""Periods of resources, and amounts without a rounding error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.volume.forecast import forecast
from services.orchestrator.domain.volume.pacing import Pace
from services.orchestrator.domain.volume.resources import (
    ONLY_PERIOD,
    Pacing,
    Period,
    Resource,
    ResourceKind,
    calendar_unit,
    in_millionths,
)
from services.orchestrator.domain.volume.traffic import Traffic
from shared.clock import to_ms
from shared.values import INT64_MAX
from tests.support.volume import account, resource, units


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return to_ms(datetime(year, month, day, hour, minute, tzinfo=UTC))


def test_without_per_there_is_one_period() -> None:
    assert resource(5).period_at(ms(2026, 11, 20)) == Period(ONLY_PERIOD, 0, INT64_MAX)


def test_before_its_beginning_and_after_its_end_there_is_none() -> None:
    autumn = resource(5, from_ms=ms(2026, 11, 1), until_ms=ms(2026, 12, 1))
    assert autumn.period_at(ms(2026, 10, 31, 23)) is None
    assert autumn.period_at(ms(2026, 12, 1)) is None
    assert autumn.period_at(ms(2026, 11, 30, 23)) == Period(ONLY_PERIOD, ms(2026, 11, 1), ms(2026, 12, 1))


def test_spans_follow_each_other_from_the_beginning() -> None:
    calls = resource(40, from_ms=ms(2026, 11, 1, 0, 30), span_ms=3_600_000)
    start = ms(2026, 11, 1, 7, 30)
    assert calls.period_at(ms(2026, 11, 1, 8, 10)) == Period(start, start, start + 3_600_000)


def test_days_are_those_of_the_zone_also_when_clocks_change() -> None:
    daily = Resource("mail", ResourceKind.BUDGET, 5, Pacing.EVEN, calendar="DAY", time_zone="Europe/Paris")
    period = daily.period_at(ms(2026, 10, 25, 12))
    assert period is not None
    assert (period.start_ms, period.end_ms) == (ms(2026, 10, 24, 22), ms(2026, 10, 25, 23))


@pytest.mark.parametrize(
    ("zone", "minute"), [("UTC", 0), ("Europe/Paris", 0), ("Asia/Kolkata", 30), ("Asia/Kathmandu", 15)]
)
def test_hours_are_those_that_the_wall_shows(zone: str, minute: int) -> None:
    calls = Resource("calls", ResourceKind.CAPACITY, 5, Pacing.EVEN, calendar="HOUR", time_zone=zone)
    before, after = (calls.period_at(ms(2026, 11, 20, 9, minute) + shift) for shift in (-1, 0))
    assert before is not None
    assert after is not None
    assert (after.start_ms, after.end_ms) == (ms(2026, 11, 20, 9, minute), ms(2026, 11, 20, 10, minute))
    assert before.end_ms == after.start_ms == after.key_ms


def test_an_hour_has_one_name_also_where_clocks_change_by_half_an_hour() -> None:
    first = ms(2027, 4, 3, 13)  # Lord Howe Island goes back from 11:00 to 10:30 east at 15:00
    keys = [calendar_unit("HOUR", "Australia/Lord_Howe", first + minute * 60_000)[0] for minute in range(240)]
    assert keys == sorted(keys)
    assert len(set(keys)) == 5


def test_weeks_begin_on_mondays_and_months_on_the_first() -> None:
    assert calendar_unit("WEEK", "UTC", ms(2026, 11, 22, 5)) == (ms(2026, 11, 16), ms(2026, 11, 23))
    assert calendar_unit("MONTH", "UTC", ms(2026, 2, 10)) == (ms(2026, 2, 1), ms(2026, 3, 1))


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(["HOUR", "DAY", "WEEK", "MONTH"]))
def test_every_moment_is_in_its_unit(now_ms: int, unit: str) -> None:
    start_ms, end_ms = calendar_unit(unit, "America/New_York", now_ms)
    assert start_ms <= now_ms < end_ms
    assert calendar_unit(unit, "America/New_York", start_ms) == (start_ms, end_ms)


@pytest.mark.parametrize(("amount", "millionths"), [(0.002, 2_000), (0.06, 60_000), (1, 1_000_000), (1e-9, 1)])
def test_amounts_are_whole_millionths_rounded_up(amount: float, millionths: int) -> None:
    assert in_millionths(amount) == millionths


def test_a_forecast_goes_from_what_is_used_to_the_amount() -> None:
    day = timedelta(days=1) // timedelta(milliseconds=1)
    start = ms(2026, 11, 20)
    pace = Pace(arrivals=1_000, use_per_arrival=units(0.02))
    usual = Traffic(usual=(100.0,) * 24)
    half = account(100)
    half = type(half)(half.key, half.amount, start, start + day, spent=units(24), pace=pace, traffic=usual)
    said = forecast(half, start + day // 2, units(1))
    assert said is not None
    assert units(24) < said.lowest < said.expected < said.highest < units(100)
    assert said.expected == pytest.approx(units(44), rel=0.1)
    over = forecast(half, start + day, units(1))
    assert over is not None
    assert (over.lowest, over.highest) == (units(24), units(24))
    assert forecast(account(5), start, units(1)) is None
