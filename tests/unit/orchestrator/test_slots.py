"""Slots are filled in order, each by one draw that depends on nothing but the slot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.draw import pick, uniform
from services.orchestrator.domain.arbitration.slots import SILENCE, Field, SlotPlan, Terms, fill_slots
from services.orchestrator.domain.arbitration.worth import Worth
from tests.support.arbitration import Shape, exploring, random_field


def field_of(actions: list[list[int]], priorities: list[list[float]], *, explores: bool = False) -> Field:
    """Candidates by place: their actions and what they are worth at a propensity of 1."""
    flat = np.array([worth for place in priorities for worth in place])
    ones = np.ones(flat.size)
    beliefs = Beliefs(ones, ones * 3.0, ones, np.full(flat.size, explores))
    starts = np.cumsum([0, *map(len, actions)]).astype(np.intp)
    return Field(
        starts,
        np.array([a for place in actions for a in place], dtype=np.int32),
        Worth(flat, ones * 0),
        beliefs,
        exploring(flat.size),
    )


def terms(decision_id: str = "d1", *, reserve: float = 0.0, across: bool = True) -> Terms:
    return Terms(decision_id, reserve, across)


def test_the_same_slot_draws_the_same_number() -> None:
    assert uniform("d1", "home", 0) == uniform("d1", "home", 0)
    assert (
        len({uniform("d1", "home", 0), uniform("d1", "home", 1), uniform("d1", "side", 0), uniform("d2", "home", 0)})
        == 4
    )


def test_numbers_of_many_decisions_are_uniform() -> None:
    numbers = [uniform(f"d{index}", "home", 0) for index in range(20_000)]
    counts, _ = np.histogram(numbers, bins=20, range=(0.0, 1.0))
    chi_square = ((counts - 1_000) ** 2 / 1_000).sum()
    assert chi_square < 43.8  # 99.9 % of 19 degrees of freedom


@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20).filter(lambda weights: sum(weights) > 0.0),
    st.floats(0.0, 1.0, exclude_max=True),
)
def test_what_has_no_probability_is_never_picked(weights: list[float], number: float) -> None:
    probabilities = np.array(weights) / sum(weights)
    assert probabilities[pick(probabilities, number)] > 0.0


def test_picks_come_as_often_as_their_probability() -> None:
    probabilities = np.array([0.2, 0.0, 0.5, 0.3])
    picks = [pick(probabilities, uniform(f"d{index}", "home", 0)) for index in range(20_000)]
    assert np.bincount(picks, minlength=4) / 20_000 == pytest.approx(probabilities, abs=0.015)


def test_a_place_gets_different_actions() -> None:
    draws = fill_slots(field_of([[0, 0, 1]], [[3.0, 2.0, 1.0]]), [SlotPlan("home", 3)], terms())
    assert [draw.row for draw in draws] == [0, 2]


def test_an_action_that_filled_a_place_is_out_for_the_next() -> None:
    plans = [SlotPlan("home", 1), SlotPlan("side", 1)]
    field = field_of([[0, 1], [0, 1]], [[2.0, 1.0], [2.0, 1.0]])
    assert [draw.row for draw in fill_slots(field, plans, terms())] == [0, 3]
    assert [draw.row for draw in fill_slots(field, plans, terms(across=False))] == [0, 2]


def test_a_place_without_candidates_left_has_no_draw() -> None:
    plans = [SlotPlan("home", 1), SlotPlan("side", 1)]
    draws = fill_slots(field_of([[0], [0]], [[1.0], [1.0]]), plans, terms())
    assert [(draw.place, draw.row) for draw in draws] == [(0, 0)]


def test_silence_ends_a_place_and_says_what_was_given_up() -> None:
    draws = fill_slots(field_of([[0, 1]], [[1.0, 2.0]]), [SlotPlan("home", 2)], terms(reserve=5.0))
    assert [(draw.row, draw.silence_probability, draw.best_priority) for draw in draws] == [(SILENCE, 1.0, 2.0)]


def test_a_later_slot_is_conditional_on_the_earlier_one() -> None:
    field = field_of([[0, 1, 2]], [[1.0, 1.0, 1.0]], explores=True)
    first, second = fill_slots(field, [SlotPlan("home", 2)], terms())
    assert first.probabilities[:-1] == pytest.approx([1 / 3] * 3, abs=1e-6)
    assert second.probabilities[first.row] == 0.0
    assert sorted(second.probabilities[:-1]) == pytest.approx([0.0, 0.5, 0.5], abs=1e-6)


@given(st.integers(1, 12), st.integers(0, 500), st.integers(1, 5))
def test_every_vector_sums_to_one_and_no_action_comes_twice(size: int, seed: int, count: int) -> None:
    worth, beliefs = random_field(Shape(size), seed)
    actions: NDArray[np.int32] = np.arange(size, dtype=np.int32) // 2
    field = Field(np.array([0, size], dtype=np.intp), actions, worth, beliefs, exploring(size))
    draws = fill_slots(field, [SlotPlan("home", count)], terms(f"d{seed}", reserve=-10.0))
    assert [draw.probabilities.sum() for draw in draws] == pytest.approx([1.0] * len(draws))
    chosen = [int(actions[draw.row]) for draw in draws]
    assert len(set(chosen)) == len(chosen) == min(count, len(set(actions.tolist())))


@given(st.integers(2, 20), st.integers(0, 500), st.data())
def test_removing_a_losing_candidate_changes_nothing_without_exploration(
    size: int, seed: int, data: st.DataObject
) -> None:
    worth, beliefs = random_field(Shape(size, exploring=0.0), seed)
    actions: NDArray[np.int32] = np.arange(size, dtype=np.int32)
    field = Field(np.array([0, size], dtype=np.intp), actions, worth, beliefs, exploring(size))
    (winner,) = fill_slots(field, [SlotPlan("home", 1)], terms())
    loser = data.draw(st.integers(0, size - 1).filter(lambda row: row != winner.row))
    rows = np.delete(np.arange(size), loser)
    fewer = Field(
        np.array([0, size - 1], dtype=np.intp), actions[rows], worth.take(rows), beliefs.take(rows), exploring(size - 1)
    )
    (again,) = fill_slots(fewer, [SlotPlan("home", 1)], terms())
    assert SILENCE in (winner.row, again.row) or fewer.action[again.row] == actions[winner.row]
    assert (again.row == SILENCE) == (winner.row == SILENCE)


def ranks(worth: Worth, beliefs: Beliefs) -> dict[int, int]:
    """The rank of every action when all are shown."""
    size = worth.slope.size
    field = Field(np.array([0, size], dtype=np.intp), np.arange(size, dtype=np.int32), worth, beliefs, exploring(size))
    draws = fill_slots(field, [SlotPlan("home", size)], terms(reserve=-1e9))
    return {draw.row: draw.slot for draw in draws}


@given(st.integers(1, 15), st.integers(0, 500), st.floats(1.0, 20.0), st.data())
def test_raising_a_lever_never_lowers_a_rank_without_exploration(
    size: int, seed: int, factor: float, data: st.DataObject
) -> None:
    worth, beliefs = random_field(Shape(size, exploring=0.0), seed)
    row = data.draw(st.integers(0, size - 1))
    raised = worth.slope.copy()
    raised[row] *= factor
    assert ranks(Worth(raised, worth.offset), beliefs)[row] <= ranks(worth, beliefs)[row]
