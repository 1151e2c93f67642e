"""Levels of pressure: contacts add up and wear off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.pressure.level import PastTouch, level_of, memory_ms, rate_of
from services.orchestrator.domain.pressure.plan import PressurePlan

DAY_MS = 86_400_000
NOW_MS = 20_000 * DAY_MS
PLAN = PressurePlan(7 * DAY_MS, 56 * DAY_MS, 5 * DAY_MS)

TOUCHES = st.lists(st.builds(PastTouch, st.integers(NOW_MS - 80 * DAY_MS, NOW_MS), st.floats(0.0, 100.0)), max_size=20)


def ago(days: float, weight: float = 1.0) -> PastTouch:
    return PastTouch(NOW_MS - int(days * DAY_MS), weight)


def test_a_half_life_leaves_half_of_a_contact() -> None:
    assert level_of(PLAN, [ago(0)], NOW_MS) == 1.0
    assert level_of(PLAN, [ago(7)], NOW_MS) == 0.5
    assert level_of(PLAN, [ago(7), ago(14, 2.0), ago(0, 0.0)], NOW_MS) == 1.0


def test_nobody_is_under_pressure_without_contacts() -> None:
    assert (level_of(PLAN, [], NOW_MS), rate_of(PLAN, [], NOW_MS)) == (0.0, 0.0)


def test_what_the_window_is_over_for_counts_no_longer() -> None:
    just, over = PastTouch(NOW_MS - PLAN.window_ms + 1, 1.0), PastTouch(NOW_MS - PLAN.window_ms, 1.0)
    assert level_of(PLAN, [just], NOW_MS) == pytest.approx(2.0**-8)
    assert level_of(PLAN, [over], NOW_MS) == 0.0
    assert rate_of(PLAN, [just, over], NOW_MS) == 1.0 / PLAN.window_ms


def test_a_contact_by_a_clock_that_is_ahead_counts_as_made_now() -> None:
    assert level_of(PLAN, [PastTouch(NOW_MS + DAY_MS, 1.0)], NOW_MS) == 1.0


@given(TOUCHES, st.integers(0, 30 * DAY_MS))
def test_levels_only_fall_without_contacts(touches: list[PastTouch], wait_ms: int) -> None:
    level = level_of(PLAN, touches, NOW_MS)
    assert 0.0 <= level_of(PLAN, touches, NOW_MS + wait_ms) <= level * 2.0 ** (-wait_ms / PLAN.half_life_ms) + 1e-9


@given(TOUCHES, TOUCHES)
def test_contacts_add_up_in_any_order(some: list[PastTouch], others: list[PastTouch]) -> None:
    for measure in (level_of, rate_of):
        apart = measure(PLAN, some, NOW_MS) + measure(PLAN, others, NOW_MS)
        assert measure(PLAN, (others + some)[::-1], NOW_MS) == pytest.approx(apart)


def test_at_a_steady_pace_the_level_is_the_rate_by_the_memory() -> None:
    hourly = [PastTouch(NOW_MS - hour * DAY_MS // 24 - DAY_MS // 48, 1.0) for hour in range(56 * 24)]
    assert level_of(PLAN, hourly, NOW_MS) == pytest.approx(rate_of(PLAN, hourly, NOW_MS) * memory_ms(PLAN), rel=1e-3)
