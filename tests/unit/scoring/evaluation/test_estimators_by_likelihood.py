"""Intervals by empirical likelihood, against closed forms and known worlds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from services.scoring.domain.evaluation.empirical_likelihood import likelihood_interval, log_ratio
from services.scoring.domain.evaluation.estimators import LoggedRows, snips


def test_the_interval_of_a_share_is_that_of_its_likelihood_ratio() -> None:
    # For zeros and ones the empirical likelihood is the binomial one.
    rows, positives = 3_000, 240
    terms = np.zeros(rows)
    terms[:positives] = 1.0
    low, high = likelihood_interval(lambda mean: terms - mean, positives / rows, (0.0, 1.0))
    limit = stats.t.ppf(0.975, rows - 1) ** 2
    for edge in (low, high):
        ratio = 2 * (stats.binom.logpmf(positives, rows, positives / rows) - stats.binom.logpmf(positives, rows, edge))
        assert ratio == pytest.approx(limit, rel=1e-4)


def test_for_many_normal_terms_it_is_that_of_student() -> None:
    terms = np.random.default_rng(3).normal(0.4, 2.0, 20_000)
    low, high = likelihood_interval(lambda mean: terms - mean, float(terms.mean()), (-10.0, 10.0))
    reach = 1.96 * terms.std() / terms.size**0.5
    assert low == pytest.approx(terms.mean() - reach, abs=0.02 * reach)
    assert high == pytest.approx(terms.mean() + reach, abs=0.02 * reach)


def test_a_mean_outside_of_all_terms_cannot_be() -> None:
    assert log_ratio(np.array([1.0, 2.0])) == np.inf
    assert log_ratio(np.array([-1.0, 0.0])) == np.inf
    assert log_ratio(np.zeros(3)) == 0.0


def test_fewer_positives_make_wider_intervals() -> None:
    def width(positives: int) -> float:
        reward = np.zeros(4_000)
        reward[:: 4_000 // positives][:positives] = 1.0
        estimate = snips(LoggedRows(reward, np.full(4_000, 0.5), np.full(4_000, 0.5), 1.0))
        return (estimate.high - estimate.low) / estimate.mean

    widths = [width(count) for count in (400, 250, 200, 160, 80, 20, 5)]
    assert widths == sorted(widths)
    assert width(1) > 1.0
