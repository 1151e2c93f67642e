"""Moments of a logit-normal probability against adaptive quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from services.scoring.domain.logit_normal import log_odds_of, probability_moments, response


def moment(mean: float, variance: float, power: int) -> float:
    normal = stats.norm(mean, variance**0.5)
    width = 12 * variance**0.5
    value, _ = integrate.quad(
        lambda x: normal.pdf(x) / (1 + np.exp(-x)) ** power, mean - width, mean + width, epsabs=1e-13, limit=200
    )
    return float(value)


@pytest.mark.parametrize("mean", [-7.0, -5.5, -3.0, 0.0, 2.0])
@pytest.mark.parametrize(("variance", "tolerance"), [(0.1, 1e-4), (1.0, 1e-3), (4.0, 0.02)])
def test_quadrature_is_close_where_propensities_live(mean: float, variance: float, tolerance: float) -> None:
    expected = moment(mean, variance, 1)
    deviation = (moment(mean, variance, 2) - expected**2) ** 0.5
    means, deviations = probability_moments(np.array([mean]), np.array([variance]))
    assert means[0] == pytest.approx(expected, rel=tolerance)
    assert deviations[0] == pytest.approx(deviation, rel=tolerance)
    assert response(mean, variance).mean == pytest.approx(float(means[0]), rel=1e-12)


def test_certain_log_odds_give_the_logistic_function() -> None:
    means, deviations = probability_moments(np.array([-2.0, 0.0, 3.0]), np.zeros(3))
    assert means == pytest.approx(1 / (1 + np.exp([2.0, 0.0, -3.0])))
    assert deviations == pytest.approx([0, 0, 0])


def test_probabilities_stay_inside_0_and_1_at_any_log_odds() -> None:
    means, _ = probability_moments(np.array([-1e6, 1e6]), np.array([1.0, 1.0]))
    assert 0 < means[0] < 1e-10
    assert 1 - 1e-10 < means[1] < 1


@pytest.mark.parametrize("probability", [0.001, 0.05, 0.5, 0.9])
@pytest.mark.parametrize("variance", [0.0, 1.0, 5.0])
def test_log_odds_of_a_probability_expect_it(probability: float, variance: float) -> None:
    assert response(log_odds_of(probability, variance), variance).mean == pytest.approx(probability, rel=1e-6)


def test_slope_is_the_derivative_of_the_mean() -> None:
    step = 1e-5
    numeric = (response(-2 + step, 1.5).mean - response(-2 - step, 1.5).mean) / (2 * step)
    assert response(-2, 1.5).slope == pytest.approx(numeric, rel=1e-6)
