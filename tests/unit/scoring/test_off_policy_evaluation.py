"""Estimators against closed forms, intervals against worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.evaluation.betting import bounded_mean_interval
from services.scoring.domain.evaluation.estimators import Estimate, LoggedRows, doubly_robust, ips, snips
from services.scoring.domain.evaluation.verdict import CANNOT_TELL, verdict


def _world(seed: int, rows: int, truth: np.ndarray, target: np.ndarray) -> LoggedRows:
    """Actions logged uniformly; rewards drawn with the action's own probability."""
    rng = np.random.default_rng(seed)
    action = rng.integers(truth.size, size=rows)
    reward = (rng.random(rows) < truth[action]).astype(np.float64)
    logging = np.full(rows, 1.0 / truth.size)
    return LoggedRows(reward, logging, target[action], float(target.max() * truth.size))


def test_a_policy_evaluated_on_its_own_log_earns_the_mean_reward() -> None:
    reward = np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    probability = np.array([0.2, 0.5, 0.1, 0.9, 0.4])
    rows = LoggedRows(reward, probability, probability, 1.0)
    assert ips(rows).mean == pytest.approx(0.6)
    assert snips(rows).mean == pytest.approx(0.6)
    assert ips(rows).effective_sample_size == pytest.approx(5.0)
    assert ips(rows).weighted_positives == pytest.approx(3.0)


def test_weights_follow_the_textbook_formulas() -> None:
    rows = LoggedRows(np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.5, 0.25]), np.array([0.25, 0.75, 0.25]), 4.0)
    assert ips(rows).mean == pytest.approx((0.5 + 1.0) / 3)
    assert snips(rows).mean == pytest.approx(1.5 / 3.0)
    assert ips(rows).effective_sample_size == pytest.approx(9.0 / (0.25 + 2.25 + 1.0))


def test_doubly_robust_with_a_perfect_model_is_the_models_own_value() -> None:
    reward = np.array([1.0, 0.0])
    rows = LoggedRows(reward, np.array([0.5, 0.5]), np.array([1.0, 0.0]), 2.0)
    estimate = doubly_robust(rows, logged_reward=reward, target_reward=np.array([0.3, 0.5]))
    assert estimate.mean == pytest.approx(0.4)


def test_an_interval_without_any_positive_starts_at_zero_and_is_not_empty() -> None:
    rows = LoggedRows(np.zeros(1000), np.full(1000, 0.1), np.full(1000, 0.1), 10.0)
    for estimate in (ips(rows), snips(rows)):
        assert estimate.low == 0.0
        assert 0.001 < estimate.high < 0.2


def test_a_target_that_was_never_logged_may_be_worth_anything() -> None:
    estimate = snips(LoggedRows(np.ones(50), np.full(50, 0.5), np.zeros(50), 2.0))
    assert (estimate.low, estimate.high, estimate.effective_sample_size) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("estimator", [ips, snips])
def test_intervals_cover_the_truth(estimator) -> None:  # type: ignore[no-untyped-def]
    truth = np.array([0.02, 0.05, 0.10, 0.01])
    target = np.array([0.1, 0.2, 0.6, 0.1])
    value = float(truth @ target)
    hits = sum(
        estimate.low <= value <= estimate.high
        for estimate in (estimator(_world(seed, 1500, truth, target)) for seed in range(150))
    )
    assert hits >= 0.93 * 150


def test_doubly_robust_intervals_cover_the_truth_even_with_a_wrong_model() -> None:
    truth = np.array([0.02, 0.05, 0.10, 0.01])
    target = np.array([0.1, 0.2, 0.6, 0.1])
    model = np.array([0.03, 0.03, 0.05, 0.05])
    hits = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        action = rng.integers(4, size=1500)
        reward = (rng.random(1500) < truth[action]).astype(np.float64)
        rows = LoggedRows(reward, np.full(1500, 0.25), target[action], 2.4)
        estimate = doubly_robust(rows, model[action], np.full(1500, float(target @ model)))
        hits += estimate.low <= float(truth @ target) <= estimate.high
    assert hits >= 0.93 * 150


def test_bounds_by_row_cover_the_truth_and_are_narrower() -> None:
    truth = np.array([0.02, 0.05, 0.10, 0.01])
    hits, gained = 0, 0.0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        # A policy that is nearly greedy at a tenth of the rows and nearly uniform at the others.
        target = np.where(rng.random((1500, 1)) < 0.1, [0.02, 0.04, 0.92, 0.02], [0.24, 0.25, 0.26, 0.25])
        action = rng.integers(4, size=1500)
        reward = (rng.random(1500) < truth[action]).astype(np.float64)
        logged = (reward, np.full(1500, 0.25), target[np.arange(1500), action])
        by_row = snips(LoggedRows(*logged, target.max(axis=1) * 4))
        overall = snips(LoggedRows(*logged, 4.0))
        hits += by_row.low <= float((target @ truth).mean()) <= by_row.high
        gained += (overall.high - overall.low) - (by_row.high - by_row.low)
    assert hits >= 93
    assert gained > 0.0


def test_many_rows_make_a_narrow_interval() -> None:
    terms = (np.random.default_rng(5).random(20_000) < 0.3).astype(np.float64)
    low, high = bounded_mean_interval(terms, 0.0, 1.0)
    assert low < 0.3 < high
    assert high - low < 0.02


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0.1, 5))
def test_the_mean_lies_within_its_own_interval(terms: list[float], scale: float) -> None:
    column = np.array(terms) * scale
    low, high = bounded_mean_interval(column, 0.0, scale)
    assert 0.0 <= low <= column.mean() + 1e-9
    assert column.mean() - 1e-9 <= high <= scale + 1e-9


@pytest.mark.parametrize(
    ("reward", "logging", "target", "bound"),
    [([1.5], [0.5], [0.5], 1.0), ([1.0], [0.0], [0.5], 1.0), ([1.0], [0.1], [1.0], 2.0), ([], [], [], 1.0)],
)
def test_what_cannot_be_a_log_is_refused(
    reward: list[float], logging: list[float], target: list[float], bound: float
) -> None:
    with pytest.raises(ValueError, match=r"lie in|one length|exceeds"):
        LoggedRows(np.array(reward), np.array(logging), np.array(target), bound)


def test_under_ten_weighted_positives_the_data_cannot_tell() -> None:
    few = Estimate(0.5, 0.4, 0.6, 100.0, 9.9)
    many = Estimate(0.1, 0.05, 0.2, 100.0, 50.0)
    assert verdict(few, many, "uniform") == CANNOT_TELL
    assert verdict(Estimate(0.5, 0.4, 0.6, 100.0, 20.0), many, "uniform") == "better than uniform"
    assert verdict(Estimate(0.01, 0.0, 0.04, 100.0, 20.0), many, "uniform") == "worse than uniform"
    assert verdict(Estimate(0.15, 0.1, 0.3, 100.0, 20.0), many, "uniform") == CANNOT_TELL
