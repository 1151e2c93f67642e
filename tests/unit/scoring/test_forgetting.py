"""What is old counts less, at the same places of every log."""

from __future__ import annotations

import numpy as np
import pytest

from services.scoring.domain import forgetting
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.priors import Priors
from services.scoring.domain.rewards import LogEntry
from services.scoring.domain.scoring import ScoreQuery
from tests.support.scoring import ANNA, FEATURE_SET, Shop, entries_of, reward, taught


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "MEMORY", 100.0)
    monkeypatch.setattr(forgetting, "EVERY", 50)


def test_nothing_is_forgotten_while_the_memory_is_not_full() -> None:
    """So a young model is what it would be without forgetting: these figures are of before there was any."""
    priors = Priors(action=0.25, scale_mean=0.5, scale_deviation=0.4)
    shop, scorer = Shop(3), BayesianScorer(priors)
    compiled = scorer.compile(shop.feature_set)
    for position in range(1, 301):
        features, chances = shop.visit()
        item = int(shop.rng.integers(12))
        value = float(shop.rng.random() < chances[item])
        entry = shop.entry(position, shop.names[item], features, value)
        scorer.fold(compiled, entry)
        if position % 7 == 0:
            corrected = shop.entry(position, shop.names[item], features, 1.0)
            scorer.fold(compiled, LogEntry(position, corrected.reward, 0.25))
    assert scorer.posterior.mean.sum() == pytest.approx(3.131789501339057, rel=1e-9)
    assert scorer.posterior.variance.sum() == pytest.approx(262133.9868809438, rel=1e-12)
    wanted = [1.0, 0.4153471419206873, 0.4451050022422428, 0.4125547682029655]
    assert scorer.posterior.scale_mean == pytest.approx(wanted, rel=1e-9)


@pytest.mark.usefixtures("short_memory")
def test_variances_go_back_towards_their_prior_and_means_stay() -> None:
    scorer = taught(entries_of([("mug", 0.0)] * 149))
    before = scorer.posterior.copy()
    forgetting.forget(scorer.posterior, 50, 100.0)
    assert np.array_equal(scorer.posterior.mean, before.mean)
    kept = np.exp(-0.5)
    assert 1.0 - scorer.posterior.variance == pytest.approx(kept * (1.0 - before.variance), abs=1e-12)
    untouched = before.variance == 1.0
    assert (scorer.posterior.variance[untouched] == 1.0).all()


@pytest.mark.usefixtures("short_memory")
def test_only_first_rewards_count_and_entries_of_others_do_not() -> None:
    """Otherwise a rare objective would forget faster than it learns."""
    scorer = taught(entries_of([("mug", 0.0)] * 149))
    compiled = scorer.compile(FEATURE_SET)
    for position in range(150, 400):
        scorer.fold(compiled, LogEntry(position, reward("k1", 0.5), 0.5))
        scorer.skip(position)
    before = scorer.posterior.variance.copy()
    assert scorer.posterior.responses == 149
    scorer.fold(compiled, entries_of([("sock", 0.0)], start=400)[0])
    assert (scorer.posterior.variance >= before).sum() > (scorer.posterior.variance < before).sum()
    assert scorer.posterior.variance.sum() > before.sum()


@pytest.mark.usefixtures("short_memory")
def test_a_restored_model_forgets_at_the_same_places() -> None:
    log = entries_of([("mug", 1.0), ("pan", 0.0), ("sock", 0.0)] * 100)
    whole = taught(log)
    restored = taught(log[170:], BayesianScorer().restored(taught(log[:170]).snapshot()))
    assert np.array_equal(whole.posterior.variance, restored.posterior.variance)
    assert np.array_equal(whole.posterior.mean, restored.posterior.mean)


@pytest.mark.usefixtures("short_memory")
def test_what_changed_is_followed_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    log = entries_of([("mug", 1.0), ("mug", 0.0)] * 2_000 + [("mug", 0.0)] * 40)
    query = ScoreQuery(FEATURE_SET.version, ANNA, ["mug"], ["EMAIL"], ["home"])
    followed = taught(log)
    monkeypatch.setattr(forgetting, "MEMORY", 1e9)
    remembered = taught(log)
    new, old = (scorer.score(scorer.compile(FEATURE_SET), query).means[0] for scorer in (followed, remembered))
    assert new < 0.7 * old
