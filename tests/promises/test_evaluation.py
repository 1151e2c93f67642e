"""What an evaluation says can be relied on: intervals cover as often as they claim, and the models earn their place."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.columns import LoggedColumns
from services.scoring.domain.evaluation.estimates import Question, values_of
from services.scoring.domain.evaluation.estimators import Estimate, LoggedRows, doubly_robust, snips
from services.scoring.domain.evaluation.policies import of_matrix
from services.scoring.domain.evaluation.prediction_quality import log_loss, quality
from services.scoring.domain.evaluation.prequential import Walk, auc_difference, mean_difference, prequential
from services.scoring.domain.evaluation.refusal import NO_MODEL
from services.scoring.domain.evaluation.thompson import choice_probabilities
from services.scoring.domain.logs.log import Log
from services.scoring.domain.training.encoder import encoder_of
from services.scoring.domain.training.tandem_model import learn_model
from tests.support.logged_sets import bank, mailing, offers, shop
from tests.support.logs import Matrix, World, world
from tests.support.promises import Promise

SHARPNESS = 0.6
RATE = {"many positives": 0.06, "few positives": 0.004}
ROWS = 6_000


@cache
def true_value(rate: float) -> float:
    """Of the target, over many more rows than any log has."""
    rng = np.random.default_rng(10**6)
    return float(np.mean([world(rng, 100_000, rate=rate, sharpness=SHARPNESS).value for _ in range(10)]))


def estimate_by(name: str, drawn: World, rng: np.random.Generator) -> Estimate:
    every = np.arange(len(drawn.truth))
    action = (drawn.logging.cumsum(axis=1) > rng.random((every.size, 1))).argmax(axis=1)
    reward = (rng.random(every.size) < drawn.truth[every, action]).astype(np.float64)
    rows = LoggedRows(
        reward,
        drawn.logging[every, action],
        drawn.target[every, action],
        float((drawn.target / drawn.logging).max()),
    )
    if name == "snips":
        return snips(rows)
    expected = drawn.expected
    return doubly_robust(rows, expected[every, action], (drawn.target * expected).sum(axis=1), expected.max(axis=1))


@pytest.mark.parametrize("positives", RATE)
@pytest.mark.parametrize("estimator", ["snips", "dr"])
def test_intervals_cover_the_truth_as_often_as_they_claim(promise: Promise, estimator: str, positives: str) -> None:
    runs, rate = promise.strength(reduced=40, full=1_000), RATE[positives]
    truth, covered, widths = true_value(rate), 0, []
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        found = estimate_by(estimator, world(rng, ROWS, rate=rate, sharpness=SHARPNESS), rng)
        assert found.effective_sample_size >= 2_000
        covered += found.low <= truth <= found.high
        widths.append((found.high - found.low) / truth)
    share = covered / runs
    promise.figure(f"{estimator}, {positives}: coverage", round(share, 4))
    promise.figure(f"{estimator}, {positives}: width over value", round(float(np.mean(widths)), 3))
    slack = 3.0 * (0.05 * 0.95 / runs) ** 0.5 if runs < 1_000 else 0.0
    assert share >= 0.93 - slack
    if positives == "many positives":
        assert share <= 0.97 + slack


BATCH = 1_000


def plain_lightgbm(log: Log, split: int) -> Column:
    """With its defaults, learnt anew from all rows before each batch."""
    encoder = encoder_of(log)
    matrix, outcome = encoder.matrix(log), log.outcome
    parameters = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 0}
    predicted = np.empty(len(log) - split)
    for start in range(split, len(log), BATCH):
        data = lightgbm.Dataset(matrix[:start], outcome[:start], categorical_feature=list(encoder.categorical))
        booster = lightgbm.train(parameters, data, 100)
        predicted[start - split : start - split + BATCH] = np.asarray(
            booster.predict(matrix[start : start + BATCH]), np.float64
        )
    return predicted


LOGS: dict[str, tuple[Callable[[Path, int], Log], int, int]] = {
    "calls of a bank": (bank, 4_000, 30_000),
    "offers of a coffee house": (offers, 6_000, 60_000),
    "fashion shown at random": (shop, 4_000, 10_000),
}


@pytest.mark.parametrize("name", LOGS)
def test_tandem_is_not_below_plain_lightgbm(promise: Promise, tmp_path: Path, name: str) -> None:
    read, reduced, full = LOGS[name]
    log = read(tmp_path, promise.strength(reduced=reduced, full=full))
    split = len(log) // 2
    found = prequential(log, LightGbmLearner(), Walk(BATCH, split, 0, 0))
    outcome, whole, plain = log.outcome[split:], found.predicted[split:], plain_lightgbm(log, split)
    saved = mean_difference(log_loss(plain, outcome) - log_loss(whole, outcome))
    gained = auc_difference(whole, plain, outcome, 0)
    for model, predicted in (("tandem", whole), ("plain LightGBM", plain), ("frozen base", found.frozen_predicted)):
        said = quality(predicted, outcome)
        promise.figure(f"{name}, {model}: AUC", round(said.auc, 5))
        promise.figure(f"{name}, {model}: log loss", round(said.log_loss, 5))
        promise.figure(f"{name}, {model}: Brier", round(said.brier, 5))
        promise.figure(f"{name}, {model}: calibration error", round(said.calibration_error, 5))
        promise.figure(f"{name}, {model}: share of positives in the best half", round(said.best_half_share, 5))
    for measure, difference in (("log loss saved", saved), ("AUC gained", gained)):
        text = f"{difference.mean:.5f} ({difference.low:.5f} to {difference.high:.5f})"
        promise.figure(f"{name}, tandem to plain LightGBM: {measure}", text)
        assert difference.high > 0.0
    assert quality(whole, outcome).auc < 0.9, "a leak"


def greedy_lightgbm(first: Log, rest: Log) -> Matrix:
    """float64[N, K]: always the action of which LightGBM with its defaults expects most."""
    encoder = encoder_of(first)
    data = lightgbm.Dataset(encoder.matrix(first), first.outcome, categorical_feature=list(encoder.categorical))
    booster = lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 0}, data, 100)
    matrix, said = encoder.matrix(rest), np.empty((len(rest), len(rest.actions)))
    for place, code in enumerate(encoder.action_codes(rest.actions)):
        matrix[:, 0] = code
        said[:, place] = np.asarray(booster.predict(matrix), np.float64)
    return np.asarray(said == said.max(axis=1, keepdims=True), np.float64)


def test_on_a_randomised_mailing_tandems_policy_is_not_below_that_of_plain_lightgbm(
    promise: Promise, tmp_path: Path
) -> None:
    log = mailing(tmp_path, promise.strength(reduced=6_000, full=64_000))
    middle = len(log) // 2
    first, rest = log.take(slice(0, middle)), log.take(slice(middle, None))
    beliefs = learn_model(first, LightGbmLearner(), 0).beliefs(rest)
    ways = {
        "tandem": choice_probabilities(beliefs.mean, beliefs.own_variance),
        "plain LightGBM, greedy": greedy_lightgbm(first, rest),
    }
    policies = {name: of_matrix(rest, every) for name, every in ways.items()}
    earned = {name: policy.taken * len(rest.actions) * rest.outcome for name, policy in policies.items()}
    for name, policy in policies.items():
        found = values_of(LoggedColumns.of(rest), policy, NO_MODEL, Question()).estimates["snips"]
        text = f"{found.mean:.5f} ({found.low:.5f} to {found.high:.5f})"
        promise.figure(f"mailing, {name}: visits per customer, SNIPS", text)
    gained = mean_difference(earned["tandem"] - earned["plain LightGBM, greedy"])
    text = f"{gained.mean:.5f} ({gained.low:.5f} to {gained.high:.5f})"
    promise.figure("mailing, tandem to plain LightGBM: visits gained per customer", text)
    assert gained.high > 0.0
