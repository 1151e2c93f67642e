"""The choice probabilities are those of Thompson sampling, however they are computed."""

from __future__ import annotations

import os
import time
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtr

from services.orchestrator.domain.arbitration import thompson
from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.thompson import choice_probabilities
from services.orchestrator.domain.arbitration.worth import Worth
from tests.support.arbitration import Shape, drawn_frequencies, integrated, random_field, total_variation

DRAWS = int(os.environ.get("ARBITRATION_DRAWS", "100000"))
"""A million at full strength; sampling alone then differs by about .002."""

SHAPES = [
    Shape(1),
    Shape(2),
    Shape(7, value_spread=0.0),
    Shape(40),
    Shape(40, deviation=0.05),
    Shape(40, deviation=4.0),
    Shape(40, value_spread=4.0),
    Shape(40, exploring=0.5),
    Shape(40, negative=0.5),
    Shape(300),
]


def worth_and_beliefs(
    slope: list[float], mean: list[float], deviation: list[float], *, explores: bool = True
) -> tuple[Worth, Beliefs]:
    size = len(slope)
    beliefs = Beliefs(expit(np.array(mean)), np.array(mean), np.array(deviation), np.full(size, explores))
    return Worth(np.array(slope), np.zeros(size)), beliefs


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("reserve", [0.0, 0.1])
def test_probabilities_are_the_frequencies_of_really_drawing(shape: Shape, reserve: float) -> None:
    worth, beliefs = random_field(shape, seed=shape.size)
    computed = choice_probabilities(worth, beliefs, reserve)
    drawn = drawn_frequencies(worth, beliefs, reserve, DRAWS, seed=7)
    assert total_variation(computed, drawn) < 0.01


@given(
    st.integers(1, 25),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.3, 1.0, 3.0]),
    st.sampled_from([0.05, 0.5, 1.0, 4.0]),
    st.floats(-7.0, 1.0),
    st.sampled_from([-1e9, 0.0, 0.05, 0.3]),
)
@settings(max_examples=60, deadline=None)
def test_probabilities_err_by_less_than_they_say(
    size: int, seed: int, spread: float, deviation: float, log_odds: float, reserve: float
) -> None:
    shape = Shape(size, value_spread=spread, deviation=deviation, negative=0.1, log_odds=log_odds)
    worth, beliefs = random_field(shape, seed)
    computed = choice_probabilities(worth, beliefs, reserve)
    assert total_variation(computed, integrated(worth, beliefs, reserve)) < 0.005


@given(
    st.integers(0, 60),
    st.integers(0, 10_000),
    st.floats(-2.0, 2.0),
    st.floats(0.0, 1.0),
    st.sampled_from([0.0, 0.3, 3.0]),
)
def test_probabilities_sum_to_one(size: int, seed: int, reserve: float, exploring: float, deviation: float) -> None:
    shape = Shape(size, exploring=exploring, negative=0.2, deviation=deviation)
    computed = choice_probabilities(*random_field(shape, seed), reserve)
    assert computed.shape == (size + 1,)
    assert (computed >= 0.0).all()
    assert computed.sum() == pytest.approx(1.0, abs=1e-12)


def test_silence_alone_is_certain() -> None:
    computed = choice_probabilities(*worth_and_beliefs([], [], []), 0.0)
    assert computed.tolist() == [1.0]


def test_a_reserve_that_nothing_can_reach_means_silence() -> None:
    worth, beliefs = worth_and_beliefs([1.0, 1.0], [0.0, 0.0], [1.0, 1.0])
    assert choice_probabilities(worth, beliefs, 1.5)[-1] == 1.0


def test_a_reserve_in_the_middle_silences_half_of_the_draws() -> None:
    worth, beliefs = worth_and_beliefs([1.0], [0.0], [1.0])
    assert choice_probabilities(worth, beliefs, 0.5)[-1] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("size", [2, 9, 80, 700])
def test_equal_candidates_have_equal_probabilities(size: int) -> None:
    computed = choice_probabilities(*worth_and_beliefs([1.0] * size, [-3.0] * size, [1.0] * size), 0.0)
    assert computed[:-1] == pytest.approx(np.full(size, 1.0 / size), abs=1e-9)


def test_without_exploration_the_best_is_certain() -> None:
    worth, beliefs = worth_and_beliefs([1.0, 3.0, 2.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0], explores=False)
    assert choice_probabilities(worth, beliefs, 0.0).tolist() == [0.0, 1.0, 0.0, 0.0]


def test_of_equal_constants_the_first_wins() -> None:
    worth, beliefs = worth_and_beliefs([1.0, 2.0, 2.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0])
    assert choice_probabilities(worth, beliefs, 0.0).tolist() == [0.0, 1.0, 0.0, 0.0]


def test_a_candidate_worth_exactly_the_reserve_wins_over_silence() -> None:
    worth, beliefs = worth_and_beliefs([2.0], [0.0], [0.0])
    assert choice_probabilities(worth, beliefs, 1.0).tolist() == [1.0, 0.0]


def test_a_constant_wins_exactly_when_every_explorer_stays_below_it() -> None:
    worth, beliefs = worth_and_beliefs([1.0, 1.0, 0.5], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0])
    computed = choice_probabilities(worth, beliefs, 0.0)
    below = ndtr(np.log(0.25 / 0.75))
    assert computed[2] == pytest.approx(below**2, abs=1e-9)


@given(st.integers(2, 30), st.integers(0, 1_000), st.floats(1.01, 5.0))
def test_a_higher_value_never_lowers_a_probability(size: int, seed: int, factor: float) -> None:
    worth, beliefs = random_field(Shape(size), seed)
    raised = worth.slope.copy()
    raised[0] *= factor
    before = choice_probabilities(worth, beliefs, 0.0)[0]
    after = choice_probabilities(Worth(raised, worth.offset), beliefs, 0.0)[0]
    assert after >= before - 2e-3


@pytest.mark.parametrize("extreme", [1e-300, 1e-12, 1e12, 1e300])
def test_extreme_values_give_probabilities_all_the_same(extreme: float) -> None:
    worth, beliefs = worth_and_beliefs([extreme, 1.0, extreme], [-40.0, 0.0, 40.0], [1e-8, 30.0, 5.0])
    computed = choice_probabilities(worth, beliefs, 0.0)
    assert np.isfinite(computed).all()
    assert computed.sum() == pytest.approx(1.0)


def test_eighty_candidates_take_less_than_a_few_milliseconds() -> None:
    field = random_field(Shape(80), 1)
    best = min(timed(field) for _ in range(20))
    assert best < 0.004, f"{best * 1000:.2f} ms"


def timed(field: tuple[Worth, Beliefs]) -> float:
    start = time.perf_counter()
    choice_probabilities(*field, 0.0)
    return time.perf_counter() - start


@given(
    st.integers(129, 400), st.integers(0, 10_000), st.sampled_from([0.1, 0.3, 1.0]), st.sampled_from([0.0, 0.05, 0.5])
)
@settings(max_examples=40, deadline=None)
def test_leaving_out_who_cannot_matter_in_a_crowd_changes_next_to_nothing(
    size: int, seed: int, deviation: float, reserve: float
) -> None:
    worth, beliefs = random_field(Shape(size, 0.7, deviation, negative=0.1), seed)
    near = choice_probabilities(worth, beliefs, reserve)
    with mock.patch.object(thompson, "_CROWD", size), mock.patch.object(thompson, "_WIDE_FIELD", size + 1):
        everybody = choice_probabilities(worth, beliefs, reserve)
    assert total_variation(near, everybody) < 0.005
    assert near.sum() == pytest.approx(1.0)


def test_a_crowd_that_never_reaches_the_reserve_is_silent() -> None:
    worth, beliefs = random_field(Shape(300, 0.1, 0.1), 1)
    probabilities = choice_probabilities(worth, beliefs, 1e6)
    assert (probabilities[-1], probabilities[:-1].max()) == (1.0, 0.0)
