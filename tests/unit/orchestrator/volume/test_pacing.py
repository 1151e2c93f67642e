"""The dual price: up while more is used than planned, down while less, 0 where nothing is scarce."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.orchestrator.domain.volume.pacing import Bids, Course, Pace, inherited, stepped, told
from services.orchestrator.domain.volume.resources import Pacing
from services.orchestrator.domain.volume.traffic import HOUR_MS, Traffic, counted, expected, remaining
from tests.support.volume import units

DAY = 24 * HOUR_MS
START = 20_000 * DAY
COURSE = Course(Pacing.TRAFFIC, units(100), 0, START, START + DAY, units(1))
PACE = Pace(price=2.0, scale=10.0, bids=50, learnt=1.0, stepped_ms=START)


def after(used: float, arrivals: int, *, pacing: Pacing = Pacing.TRAFFIC, at_ms: int = START + HOUR_MS) -> float:
    """The price after an hour with so many decisions."""
    pace = told(PACE, Bids(arrivals))
    return stepped(pace, replace(COURSE, pacing=pacing, used=units(used)), Traffic(), at_ms).price


def test_using_more_than_planned_raises_the_price() -> None:
    assert after(50, 100) > PACE.price


def test_using_less_than_planned_lowers_it() -> None:
    assert after(0, 100) < PACE.price


def test_the_price_never_falls_below_nothing() -> None:
    pace = replace(PACE, price=0.01)
    assert stepped(told(pace, Bids(100)), COURSE, Traffic(), START + HOUR_MS).price == 0.0


def test_first_come_first_served_has_no_price() -> None:
    assert after(90, 100, pacing=Pacing.ASAP) == 0.0


def test_even_pacing_plans_by_the_clock_and_traffic_by_what_comes() -> None:
    # At noon, where nobody comes in the afternoon.
    shape = Traffic(usual=(20.0,) * 12 + (0.0,) * 12)
    spike, noon = told(PACE, Bids(240)), START + DAY // 2
    even = stepped(spike, replace(COURSE, pacing=Pacing.EVEN, used=units(60)), shape, noon)
    traffic = stepped(spike, replace(COURSE, used=units(60)), shape, noon)
    assert even.price > PACE.price > traffic.price


def test_no_step_is_made_before_its_time() -> None:
    assert stepped(PACE, COURSE, Traffic(), START + 999) is PACE


def test_a_price_is_as_large_as_the_currency_is_small() -> None:
    euros, cents = (told(Pace(stepped_ms=START), Bids(100, 10, 10 * worth)) for worth in (3.0, 300.0))
    course = replace(COURSE, used=units(40))
    in_euros, in_cents = (stepped(each, course, Traffic(), START + HOUR_MS).price for each in (euros, cents))
    assert in_cents == pytest.approx(100 * in_euros)


def test_the_next_period_begins_with_the_price_of_this_one() -> None:
    following = inherited(replace(PACE, arrivals=7, used=units(100)), 0, START + DAY)
    assert (following.price, following.arrivals, following.used) == (PACE.price, 0, 0)


def test_hours_are_learnt_by_the_hour_of_the_day() -> None:
    traffic = Traffic()
    for hour in range(50):
        traffic = counted(traffic, 60 if hour % 24 == 9 else 10, START + hour * HOUR_MS)
    assert expected(traffic, START + 9 * HOUR_MS, START + 10 * HOUR_MS) == pytest.approx(60, abs=1)
    assert expected(traffic, START, START + DAY) == pytest.approx(290, abs=2)
    assert expected(traffic, START, START + 7 * DAY) == pytest.approx(7 * 290, abs=14)


def test_hours_without_anybody_are_learnt_as_empty() -> None:
    traffic = counted(counted(counted(Traffic(), 5, START), 5, START + HOUR_MS), 5, START + 6 * HOUR_MS)
    assert traffic.usual[1:6] == (5.0, 0.0, 0.0, 0.0, 0.0)


def test_twice_the_usual_so_far_means_more_to_come() -> None:
    traffic = Traffic(usual=(100.0,) * 24)
    noon = START + DAY // 2
    usual = remaining(traffic, 1_200, START, noon, START + DAY)
    assert usual == pytest.approx(1_200)
    assert remaining(traffic, 2_400, START, noon, START + DAY) == pytest.approx(2_400, rel=0.1)


def test_traffic_that_nobody_knows_goes_on_as_it_came() -> None:
    assert remaining(Traffic(), 100, START, START + DAY // 4, START + DAY) == pytest.approx(300)
