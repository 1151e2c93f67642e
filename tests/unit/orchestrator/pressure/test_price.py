"""What one more contact costs later, in money."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE, PressureEstimate
from services.orchestrator.domain.pressure.gaps import gap_at, gap_deviation
from services.orchestrator.domain.pressure.level import PastTouch, level_of, rate_of
from services.orchestrator.domain.pressure.plan import PressurePlan
from services.orchestrator.domain.pressure.price import pressure_standing, price_of

DAY_MS = 86_400_000
NOW_MS = 20_000 * DAY_MS
PLAN = PressurePlan(
    7 * DAY_MS, 56 * DAY_MS, 5 * DAY_MS, unsubscribe_value=40.0, gap_share=0.2, gap_lengths_ms=(2 * DAY_MS,)
)
KNOWN = replace(
    NO_ESTIMATE,
    response_slope=-0.01,
    response_error=0.001,
    unsubscribe_slope=0.0005,
    unsubscribe_error=0.0001,
    certainty=0.8,
    mean_value=20.0,
    samples=100_000,
)
SLOPE = st.floats(-1.0, 1.0)
ESTIMATES = st.builds(
    PressureEstimate,
    response_slope=SLOPE,
    unsubscribe_slope=SLOPE,
    certainty=st.floats(0.0, 1.0),
    mean_value=st.floats(-1e3, 1e3),
)
DAILY = [PastTouch(NOW_MS - days * DAY_MS, 1.0) for days in range(1, 56)]


def price(estimate: PressureEstimate, touches: list[PastTouch], plan: PressurePlan = PLAN) -> float:
    return pressure_standing(plan, estimate, "p_1", touches, NOW_MS).price


def test_the_price_is_what_the_next_contacts_will_not_bring() -> None:
    """One a day, counted one by one: each responds less often, and leads to an unsubscribe more often."""
    left = [2.0 ** (-days / 7) for days in range(56)]
    following = sum(left) - 0.5  # half of the first day: contacts are spread evenly
    level = level_of(PLAN, DAILY, NOW_MS)
    responses = 0.01 * following * 20.0
    unsubscribes = 0.0005 * (level + following) * 40.0
    assert price(KNOWN, DAILY) == pytest.approx(0.8 * (responses + unsubscribes), rel=0.01)


def test_where_nothing_is_known_nothing_is_charged() -> None:
    assert price(NO_ESTIMATE, DAILY) == 0.0
    assert price(replace(KNOWN, certainty=0.0), DAILY) == 0.0


@given(ESTIMATES, st.floats(0.0, 100.0), st.floats(0.0, 1e-6))
def test_a_price_is_never_below_0(estimate: PressureEstimate, level: float, rate: float) -> None:
    assert price_of(PLAN, estimate, level, rate) >= 0.0


def test_prices_rise_with_the_pace_and_with_certainty() -> None:
    weekly = DAILY[::7]
    assert 0.0 < price(KNOWN, []) < price(KNOWN, weekly) < price(KNOWN, DAILY)
    assert price(replace(KNOWN, certainty=0.4), DAILY) == pytest.approx(price(KNOWN, DAILY) / 2)


def test_what_contacts_gain_makes_up_for_what_they_lose() -> None:
    """Reminders that help are no pressure, unless they drive people away all the same."""
    helpful = replace(KNOWN, response_slope=0.01)
    assert price(helpful, DAILY) == 0.0
    assert price(helpful, DAILY, replace(PLAN, unsubscribe_value=4_000.0)) > 0.0


def test_a_standing_is_what_its_parts_say() -> None:
    standing = pressure_standing(PLAN, KNOWN, "p_1", DAILY, NOW_MS)
    assert standing.level == level_of(PLAN, DAILY, NOW_MS)
    assert standing.rate == rate_of(PLAN, DAILY, NOW_MS)
    assert standing.deviation == gap_deviation(PLAN, "p_1", DAILY, NOW_MS)
    assert standing.gap == gap_at(PLAN, "p_1", NOW_MS)
    assert standing.price == price_of(PLAN, KNOWN, standing.level, standing.rate)
