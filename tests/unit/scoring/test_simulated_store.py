"""A small store whose tastes are known: scores become calibrated and sharper than the base rate, and choices pay."""

from __future__ import annotations

import numpy as np
import pytest

from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.scoring import ScoreQuery, Scores
from tests.support.scoring import Shop

VISITS = 2_000


def cross_entropy(truth: np.ndarray, said: np.ndarray) -> float:
    return float(-(truth * np.log(said) + (1 - truth) * np.log(1 - said)).mean())


def random_visits(shop: Shop) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shown at random, predicted before learnt: said, truth and clicks per visit."""
    scorer, rng = BayesianScorer(), np.random.default_rng(1)
    compiled = scorer.compile(shop.feature_set)
    rows = []
    for visit in range(VISITS):
        features, truth = shop.visit()
        item = int(rng.integers(len(shop.names)))
        click = float(rng.random() < truth[item])
        said = scorer.score(compiled, ScoreQuery("", features, [shop.names[item]], ["WEB"])).means[0]
        scorer.fold(compiled, shop.entry(visit + 1, shop.names[item], features, click))
        rows.append((said, truth[item], click))
    said_, truth_, clicks = np.array(rows).T
    return said_, truth_, clicks


@pytest.mark.parametrize("spread", [0.05, 1.0])
def test_predictions_beat_the_running_base_rate_and_are_calibrated(spread: float) -> None:
    said, truth, clicks = random_visits(Shop(3, spread=spread))
    base = (1 + np.concatenate([[0], np.cumsum(clicks)[:-1]])) / (10 + np.arange(VISITS))
    assert cross_entropy(truth, said) < cross_entropy(truth, base)
    half = slice(VISITS // 2, None)
    for part in np.array_split(np.argsort(said[half]), 4):
        error = 3 * np.sqrt(truth[half][part].mean() / len(part))
        assert said[half][part].mean() == pytest.approx(clicks[half][part].mean(), abs=error)


def played(shop: Shop, explores: bool) -> float:
    """Regret per visit over the second half, choosing by a draw from the posterior or at random."""
    scorer, rng = BayesianScorer(), np.random.default_rng(2)
    compiled = scorer.compile(shop.feature_set)
    regrets = []
    for visit in range(1_500):
        features, truth = shop.visit()
        item = int(rng.integers(len(shop.names)))
        if explores:
            scores = scorer.score(compiled, ScoreQuery("", features, shop.names, ["WEB"] * len(shop.names)))
            item = thompson(scores, rng)
            click = float(rng.random() < truth[item])
            scorer.fold(compiled, shop.entry(visit + 1, shop.names[item], features, click))
        regrets.append(truth.max() - truth[item])
    return float(np.mean(regrets[750:]))


def thompson(scores: Scores, rng: np.random.Generator) -> int:
    return int(np.argmax(rng.normal(scores.log_odds_means, scores.log_odds_deviations)))


def test_thompson_sampling_on_the_scores_loses_less_than_half_of_what_chance_loses() -> None:
    assert played(Shop(5), explores=True) < 0.5 * played(Shop(5), explores=False)
