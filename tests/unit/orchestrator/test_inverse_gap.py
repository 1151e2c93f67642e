"""Inverse gap weighting is the closed form of its paper, in money."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.inverse_gap import InverseGapWeighting, gaps
from services.orchestrator.domain.arbitration.worth import Worth
from tests.support.arbitration import Shape, random_field


def contenders(value: list[float], propensity: list[float], *, cost: float = 0.0, reserve: float = 0.0) -> Contenders:
    size = len(value)
    nothing = np.zeros(size)
    beliefs = Beliefs(np.array(propensity), nothing, nothing, np.ones(size, dtype=np.bool_))
    return Contenders.of(Worth(np.array(value), nothing - cost), beliefs, reserve)


def test_gaps_are_shares_of_what_any_contender_can_earn() -> None:
    """Earnings lie between 0 and 10; the expectations are 5, 4 and 1."""
    assert gaps(contenders([10.0, 5.0, 2.0], [0.5, 0.8, 0.5])).tolist() == pytest.approx([0.0, 0.1, 0.4])


def test_probabilities_are_one_over_arms_and_weighted_gap() -> None:
    computed = InverseGapWeighting(20.0).probabilities(contenders([10.0, 5.0, 2.0], [0.5, 0.8, 0.5]))
    second, third = 1.0 / (3 + 20 * 0.1), 1.0 / (3 + 20 * 0.4)
    assert computed.tolist() == pytest.approx([1.0 - second - third, second, third, 0.0], abs=1e-15)


def test_two_arms_of_the_paper() -> None:
    """Rewards in [0, 1], means .6 and .4, gamma 10: 1 / (2 + 10 × .2) for the second."""
    computed = InverseGapWeighting(10.0).probabilities(contenders([1.0, 1.0], [0.6, 0.4]))
    assert computed.tolist() == pytest.approx([0.75, 0.25, 0.0])


def test_silence_that_is_worth_most_is_an_arm_and_has_the_rest() -> None:
    computed = InverseGapWeighting(4.0).probabilities(contenders([1.0, 1.0], [0.5, 0.25], reserve=0.75))
    first, second = 1.0 / (3 + 4 * 0.25), 1.0 / (3 + 4 * 0.5)
    assert computed.tolist() == pytest.approx([first, second, 1.0 - first - second])


def test_silence_that_is_worth_less_is_never_tried() -> None:
    computed = InverseGapWeighting(1.0).probabilities(contenders([1.0, 1.0], [0.5, 0.25], reserve=0.2))
    assert computed[-1] == 0.0


def test_gamma_of_nothing_is_uniform() -> None:
    computed = InverseGapWeighting(0.0).probabilities(contenders([3.0, 2.0, 1.0, 9.0], [0.1, 0.1, 0.5, 0.2]))
    assert computed.tolist() == pytest.approx([0.25] * 4 + [0.0])


def test_equals_share_alike_whatever_gamma() -> None:
    computed = InverseGapWeighting(1e9).probabilities(contenders([2.0] * 5, [0.1] * 5))
    assert computed.tolist() == pytest.approx([0.2] * 5 + [0.0])


def test_with_great_gamma_the_best_has_nearly_all() -> None:
    computed = InverseGapWeighting(1e9).probabilities(contenders([2.0, 1.0], [0.1, 0.1]))
    assert computed[0] > 1.0 - 1e-7


def test_a_common_cost_and_another_currency_change_nothing() -> None:
    weighting = InverseGapWeighting(50.0)
    plain = weighting.probabilities(contenders([10.0, 5.0, 2.0], [0.5, 0.8, 0.5]))
    dearer = weighting.probabilities(contenders([10.0, 5.0, 2.0], [0.5, 0.8, 0.5], cost=0.7, reserve=-1.0))
    cents = weighting.probabilities(contenders([1000.0, 500.0, 200.0], [0.5, 0.8, 0.5]))
    assert dearer == pytest.approx(plain)
    assert cents == pytest.approx(plain)


def test_a_reserve_out_of_reach_is_a_whole_gap_away() -> None:
    assert gaps(contenders([1.0, 1.0], [0.5, 0.25], reserve=1e12)).tolist() == [1.0, 1.0]


def test_contenders_that_earn_the_same_for_sure_have_no_gap() -> None:
    assert gaps(contenders([0.0, 0.0], [0.5, 0.25], cost=3.0, reserve=-9.0)).tolist() == [0.0, 0.0]
    assert gaps(contenders([0.0, 0.0], [0.5, 0.25], cost=3.0, reserve=-1.0)).tolist() == [1.0, 1.0]


def test_nobody_leaves_silence() -> None:
    assert InverseGapWeighting(5.0).probabilities(contenders([], [])).tolist() == [1.0]


@given(st.integers(1, 40), st.integers(0, 10_000), st.floats(0.0, 1e6), st.floats(-3.0, 1.0))
def test_who_is_worth_more_is_never_less_likely(size: int, seed: int, gamma: float, reserve: float) -> None:
    worth, beliefs = random_field(Shape(size, negative=0.2), seed)
    field = Contenders.of(worth, beliefs, reserve)
    computed = InverseGapWeighting(gamma).probabilities(field)
    assert (np.diff(computed[:-1][np.argsort(field.priority)]) >= -1e-12).all()
    assert computed[field.incumbent] >= 1.0 / (size + field.is_silent) - 1e-12


@given(st.integers(1, 20), st.integers(0, 10_000), st.floats(0.0, 1e4), st.floats(0.0, 1.0), st.data())
def test_a_higher_propensity_never_lowers_a_probability(
    size: int, seed: int, gamma: float, share: float, data: st.DataObject
) -> None:
    worth, beliefs = random_field(Shape(size), seed)
    row = data.draw(st.integers(0, size - 1))
    propensity = beliefs.propensity.copy()
    propensity[row] += share * (1.0 - propensity[row])
    better = Beliefs(propensity, beliefs.log_odds_mean, beliefs.log_odds_deviation, beliefs.explores)
    before, after = (
        InverseGapWeighting(gamma).probabilities(Contenders.of(worth, each, 0.0))[row] for each in (beliefs, better)
    )
    assert after >= before - 1e-12


@pytest.mark.parametrize("extreme", [1e-300, 1e12, 1e300])
def test_extreme_values_give_probabilities_all_the_same(extreme: float) -> None:
    computed = InverseGapWeighting(1e9).probabilities(contenders([extreme, -extreme, 1.0], [0.5, 0.5, 0.5]))
    assert (computed >= 0.0).all()
    assert computed.sum() == pytest.approx(1.0)
