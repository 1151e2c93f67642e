"""Quiet hours by the clock on the wall: the case file, and what holds in every zone at every moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.orchestrator.domain.quiet_hours import (
    EVERY_DAY,
    LONGEST_WAIT_MS,
    MIDNIGHT,
    MS_PER_MINUTE,
    Calendar,
    QuietHour,
    Region,
    send_window,
)
from shared.clock import to_datetime, to_ms
from shared.public_holidays import is_country, is_subdivision, public_holidays
from shared.time_zones import zone, zone_names

CASES: Sequence[Mapping[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("quiet_hours.yaml").read_text(encoding="utf-8")
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def rule_of(written: Mapping[str, Any]) -> QuietHour:
    begin, end = written.get("from", "00:00"), written.get("to")
    return QuietHour(
        "quiet",
        begin=minute(begin),
        end=0 if end is None else minute(end) or MIDNIGHT,
        days=frozenset(DAYS.index(day) for day in written["days"]) if "days" in written else EVERY_DAY,
        holidays=written.get("holidays", False),
        defers=written.get("then", "defer") == "defer",
    )


def region_of(text: str) -> Region:
    country, _, subdivision = text.partition("-")
    return Region(country, subdivision)


@pytest.mark.parametrize("case", CASES, ids=[each["case"] for each in CASES])
def test_what_the_case_file_says(case: Mapping[str, Any]) -> None:
    calendar = Calendar(zone(case["zone"]), region_of(case.get("region", "")))
    rules = [(number, rule_of(written)) for number, written in enumerate(case["rules"])]
    window = send_window(rules, calendar, to_ms(datetime.fromisoformat(case["at"])))

    def shown(time_ms: int | None) -> datetime | None:
        return None if time_ms is None else to_datetime(time_ms)

    earliest = case["earliest"]
    assert shown(window.earliest_ms) == (earliest and datetime.fromisoformat(earliest))
    if "latest" in case:
        assert shown(window.latest_ms) == datetime.fromisoformat(case["latest"])
    if "rule" in case:
        assert window.rule == case["rule"]


def test_the_holidays_of_places_nobody_knows_are_refused() -> None:
    assert not is_country("XX")
    assert not is_subdivision("DE", "ZZ")
    assert not is_subdivision("XX", "BE")
    for country, part in (("XX", ""), ("DE", "ZZ")):
        with pytest.raises(ValueError, match="no holidays"):
            public_holidays(country, part, 2026)


minutes = st.integers(0, MIDNIGHT - 1)
hours = st.builds(
    lambda begin, length, days, defers: QuietHour(
        "quiet", begin=begin, end=(begin + length) % MIDNIGHT or MIDNIGHT, days=days, defers=defers
    ),
    begin=minutes,
    length=st.integers(1, MIDNIGHT - 1),
    days=st.one_of(st.just(EVERY_DAY), st.frozensets(st.integers(0, 6), min_size=1)),
    defers=st.just(True),
)
holidays = st.builds(lambda hour: QuietHour("quiet", (), hour.begin, hour.end, hour.days, True, defers=True), hours)
rules = st.lists(st.one_of(hours, holidays), min_size=1, max_size=3)
zones = st.sampled_from(sorted(zone_names()))
moments = st.integers(
    to_ms(datetime(1975, 1, 1, tzinfo=UTC)) // MS_PER_MINUTE, to_ms(datetime(2037, 12, 1, tzinfo=UTC)) // MS_PER_MINUTE
).map(lambda each: each * MS_PER_MINUTE)
changes = st.sampled_from(
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("America/St_Johns", datetime(2006, 10, 29, 2, 31, tzinfo=UTC)),
        ("Africa/Casablanca", datetime(2026, 2, 15, 2, tzinfo=UTC)),
    ]
)
near_changes = st.tuples(changes, st.integers(-2 * MIDNIGHT, 2 * MIDNIGHT)).map(
    lambda drawn: (drawn[0][0], to_ms(drawn[0][1]) + drawn[1] * MS_PER_MINUTE)
)
anywhere = st.one_of(st.tuples(zones, moments), near_changes)
slow = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def is_quiet(quiet: Sequence[QuietHour], calendar: Calendar, time_ms: int) -> bool:
    """Read off the wall, in another way than the rules do: hour by hour of the week."""
    wall = calendar.wall(time_ms)
    minute_now = wall.hour * 60 + wall.minute
    for rule in quiet:
        if rule.holidays and wall.date() in public_holidays("DE", "BY", wall.year):
            return True
        length = (rule.end - rule.begin) % MIDNIGHT or MIDNIGHT
        for day in rule.days:
            since = ((wall.weekday() - day) * MIDNIGHT + minute_now - rule.begin) % (7 * MIDNIGHT)
            if since < length:
                return True
    return False


@slow
@given(anywhere, rules)
def test_nothing_ever_goes_out_in_quiet_hours_and_it_waits_no_minute_longer(
    where: tuple[str, int], quiet: list[QuietHour]
) -> None:
    """Against brute force over the minutes."""
    name, now_ms = where
    calendar = Calendar(zone(name), Region("DE", "BY"))
    window = send_window(list(enumerate(quiet)), calendar, now_ms)
    if window.earliest_ms is None:
        return
    assert not is_quiet(quiet, calendar, window.earliest_ms)
    assert (window.rule == -1) == (window.earliest_ms == now_ms) == (not is_quiet(quiet, calendar, now_ms))
    horizon_ms = min(window.earliest_ms, now_ms + 3 * MIDNIGHT * MS_PER_MINUTE)
    for time_ms in range(now_ms, horizon_ms, MS_PER_MINUTE):
        assert is_quiet(quiet, calendar, time_ms), "it could have gone out before"
    assert window.latest_ms is not None
    last_ms = min(window.latest_ms, window.earliest_ms + 3 * MIDNIGHT * MS_PER_MINUTE)
    for time_ms in range(window.earliest_ms, last_ms, MS_PER_MINUTE):
        assert not is_quiet(quiet, calendar, time_ms), "it must not go out any more"
    if window.latest_ms < window.earliest_ms + LONGEST_WAIT_MS:
        assert is_quiet(quiet, calendar, window.latest_ms)


@slow
@given(anywhere, hours)
def test_what_drops_goes_out_only_when_it_is_open(where: tuple[str, int], quiet: QuietHour) -> None:
    name, now_ms = where
    calendar = Calendar(zone(name))
    strict = QuietHour("quiet", (), quiet.begin, quiet.end, quiet.days, defers=False)
    window = send_window([(0, strict)], calendar, now_ms)
    assert (window.earliest_ms is None) == is_quiet([quiet], calendar, now_ms)
    assert window.earliest_ms in (None, now_ms)
