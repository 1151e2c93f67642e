"""Gaps come at random as often as is said, and what they did to levels is known without looking at anybody's levels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from services.orchestrator.domain.pressure.gaps import NO_GAP, gap_at, gap_deviation
from services.orchestrator.domain.pressure.level import PastTouch, level_of
from services.orchestrator.domain.pressure.plan import PressurePlan

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW_MS = 20_000 * DAY_MS
PLAN = PressurePlan(
    7 * DAY_MS, 56 * DAY_MS, 5 * DAY_MS, gap_share=0.3, gap_lengths_ms=(2 * DAY_MS, 5 * DAY_MS), salt="autumn"
)
PEOPLE = [f"p_{number}" for number in range(1_000)]


def contacted_daily(profile_id: str, plan: PressurePlan = PLAN, every: int = 1) -> list[PastTouch]:
    """But for gaps, until a day ago."""
    moments = [NOW_MS - days * DAY_MS for days in range(70, 0, -every)]
    return [PastTouch(each, 1.0) for each in moments if not gap_at(plan, profile_id, each).is_open]


def test_gaps_take_the_share_of_time_that_is_said() -> None:
    standings = [gap_at(PLAN, profile_id, NOW_MS) for profile_id in PEOPLE]
    expected = 0.3 * 3.5 / 10
    error = math.sqrt(expected * (1 - expected) / len(PEOPLE))
    assert np.mean([each.is_open for each in standings]) == pytest.approx(expected, abs=4 * error)
    assert np.mean([each.probability for each in standings]) == pytest.approx(expected, abs=4 * error)


def test_a_gap_is_as_likely_as_was_said_of_the_moment() -> None:
    standings = [gap_at(PLAN, profile_id, NOW_MS) for profile_id in PEOPLE]
    assert {each.probability for each in standings} == {0.3, 0.15, 0.0}
    for probability in (0.3, 0.15):
        alike = [each.is_open for each in standings if each.probability == probability]
        error = math.sqrt(probability * (1 - probability) / len(alike))
        assert np.mean(alike) == pytest.approx(probability, abs=4 * error)
    assert not any(each.is_open for each in standings if not each.probability)


def test_a_gap_has_one_of_the_lengths_and_ends_when_it_says() -> None:
    seen = set()
    for profile_id in PEOPLE[:100]:
        is_open = [gap_at(PLAN, profile_id, NOW_MS + hour * HOUR_MS).is_open for hour in range(20 * 24)]
        first = next((hour for hour in range(1, len(is_open)) if is_open[hour] and not is_open[hour - 1]), None)
        if first is None:
            continue
        until_ms = gap_at(PLAN, profile_id, NOW_MS + first * HOUR_MS).until_ms
        assert until_ms is not None
        assert gap_at(PLAN, profile_id, until_ms - 1).until_ms == until_ms
        assert not gap_at(PLAN, profile_id, until_ms).is_open
        hours = round((until_ms - NOW_MS) / HOUR_MS - first + 0.5)
        seen.add(hours)
        assert any(abs(hours - length / HOUR_MS) <= 1 for length in PLAN.gap_lengths_ms)
    assert len(seen) >= 2


def test_gaps_stay_where_they_are_from_release_to_release() -> None:
    """What was learnt is about the draws of the past."""
    open_days = [days for days in range(40) if gap_at(PLAN, "p_7", NOW_MS + days * DAY_MS).is_open]
    assert open_days == [0, 1, 2, 3, 9, 10]


def test_people_and_salts_have_gaps_of_their_own() -> None:
    def opened(plan: PressurePlan, profile_id: str) -> list[bool]:
        return [gap_at(plan, profile_id, NOW_MS + days * DAY_MS).is_open for days in range(200)]

    assert opened(PLAN, "p_1") != opened(PLAN, "p_2")
    assert opened(PLAN, "p_1") != opened(replace(PLAN, salt="winter"), "p_1")


@pytest.mark.parametrize("plan", [replace(PLAN, gap_share=0.0), replace(PLAN, gap_lengths_ms=())])
def test_without_gaps_nobody_is_in_one(plan: PressurePlan) -> None:
    assert gap_at(plan, "p_1", NOW_MS) == NO_GAP
    assert gap_deviation(plan, "p_1", contacted_daily("p_1"), NOW_MS) == 0.0


def test_nobody_whom_a_profile_names_has_no_gaps() -> None:
    assert gap_at(replace(PLAN, gap_share=0.5), "", NOW_MS) == NO_GAP


def test_who_had_no_contacts_has_no_deviation() -> None:
    assert all(gap_deviation(PLAN, profile_id, [], NOW_MS) == 0.0 for profile_id in PEOPLE[:50])


@pytest.mark.parametrize("every", [1, 4])
def test_the_deviation_is_zero_on_average_and_moves_the_level_by_as_much(every: int) -> None:
    """Among those who may be contacted now: only they become samples."""
    present = [each for each in PEOPLE if not gap_at(PLAN, each, NOW_MS).is_open]
    touches = {each: contacted_daily(each, every=every) for each in present}
    deviations = np.array([gap_deviation(PLAN, each, touches[each], NOW_MS) for each in present])
    levels = np.array([level_of(PLAN, touches[each], NOW_MS) for each in present])
    assert abs(deviations.mean()) < 4 * deviations.std() / math.sqrt(len(present))
    assert deviations.std() > 0.5 / every
    slope, _ = np.polyfit(deviations, levels, 1)
    assert slope == pytest.approx(1.0, abs=0.2)
    assert np.corrcoef(deviations, levels)[0, 1] > (0.9 if every == 1 else 0.6)


def test_the_deviation_is_zero_on_average_early_and_late_in_a_period() -> None:
    """Of the running period: who may be contacted in it early on had no gap that is still open."""
    plan = replace(PLAN, gap_share=0.5)
    by_chance: dict[float, list[float]] = {}
    for profile_id in PEOPLE:
        standing = gap_at(plan, profile_id, NOW_MS)
        if not standing.is_open:
            deviation = gap_deviation(plan, profile_id, contacted_daily(profile_id, plan), NOW_MS)
            by_chance.setdefault(standing.probability, []).append(deviation)
    assert sorted(by_chance) == [0.0, 0.25, 0.5]
    for deviations in by_chance.values():
        assert abs(np.mean(deviations)) < 4 * np.std(deviations) / math.sqrt(len(deviations))
