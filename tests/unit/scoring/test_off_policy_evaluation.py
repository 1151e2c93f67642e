"""Estimators against closed forms, intervals against worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.evaluation.betting import bounded_mean_interval
from services.scoring.domain.evaluation.columns import LoggedColumns
from services.scoring.domain.evaluation.estimators import Estimate, LoggedRows, doubly_robust, ips, snips
from services.scoring.domain.evaluation.policies import of_column
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


def _people(seed: int, rows: int) -> tuple[LoggedRows, float, float]:
    """A target that is the surer of itself the better it does, the value it has, and what a model that knows nothing
    expects."""
    rng, weights = np.random.default_rng(seed), np.random.default_rng(99).normal(size=(3, 5))
    liking = rng.normal(size=(rows, 3)) @ weights
    logging = 0.9 * _shares(0.5 * liking) + 0.02
    action = (rng.random((rows, 1)) > logging.cumsum(axis=1)[:, :-1]).sum(axis=1)
    chance, at = 1.0 / (1.0 + np.exp(1.5 - 0.8 * liking)), np.arange(rows)
    reward, target = (rng.random(rows) < chance[at, action]).astype(np.float64), _shares(1.5 * liking)
    policy = of_column(
        LoggedColumns(reward, logging[at, action], (0.0, 1.0), None), target[at, action], target.max(axis=1)
    )
    of_log = LoggedRows(reward, logging[at, action], policy.taken, policy.weight_bound)
    return of_log, float((target * chance).sum(axis=1).mean()), float(reward.mean())


def _shares(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores)
    result: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
    return result


@pytest.mark.parametrize("rows", [150, 2_500])
def test_intervals_cover_the_truth_where_who_is_easily_won_has_the_larger_weights(rows: int) -> None:
    truth = np.mean([_people(seed, 20_000)[1] for seed in range(1_000, 1_010)])
    hits = np.zeros(3)
    for seed in range(60):
        log, _, rate = _people(seed, rows)
        constant = np.full(rows, rate)
        estimates = ips(log), snips(log), doubly_robust(log, constant, constant)
        hits += [each.low <= truth <= each.high for each in estimates]
        assert all(each.low < each.mean < each.high for each in estimates)
    assert hits.min() >= 56


def test_what_betting_refutes_everywhere_is_said_to_be_unknown() -> None:
    """Terms that lie in order have no one mean."""
    terms = np.repeat([0.0, 1.0], 5_000)
    assert bounded_mean_interval(terms, 0.0, 1.0) == (0.0, 1.0)


def test_a_mean_beyond_what_is_possible_has_an_interval_that_is_possible() -> None:
    estimate = ips(LoggedRows(np.ones(5_000), np.full(5_000, 0.1), np.ones(5_000), 10.0))
    assert (estimate.mean, estimate.low, estimate.high) == (10.0, 1.0, 1.0)


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
