"""The base model: a forest where it earns its place, the rate where it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.training.base_model import learn_base
from services.scoring.domain.training.encoder import encoder_of
from services.scoring.domain.training.forest_learner import Course, Progress
from services.scoring.domain.training.tandem_model import learn_model
from services.scoring.domain.training.taught_forest import probability
from tests.support.logs import SPEC, log_of, visits


def test_a_forest_that_earns_its_place_is_kept_and_is_calibrated(tmp_path: Path) -> None:
    log = log_of(tmp_path, visits(4_000))
    base = learn_base(log, LightGbmLearner(), 0)
    assert base.rounds > 0
    said = probability(base.log_odds(log))
    assert said.mean() == pytest.approx(log.outcome.mean(), rel=0.1)
    suits = (log.features[0].values < 40) == (log.action == 0)
    assert said[suits].mean() == pytest.approx(0.30, abs=0.05)
    assert said[~suits].mean() == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_answered_with_the_rate(tmp_path: Path, seed: int) -> None:
    log = log_of(tmp_path, visits(1_500, seed, gain=0.0))
    base = learn_base(log, LightGbmLearner(), seed)
    rate = float(log.outcome.mean())
    assert probability(base.log_odds(log)).mean() == pytest.approx(rate, rel=0.25)
    assert probability(base.log_odds(log)).max() < 3 * rate


def test_few_positives_are_answered_with_the_rate(tmp_path: Path) -> None:
    columns = visits(1_000)
    columns = {**columns, "click": [int(row % 60 == 0) for row in range(1_000)]}
    base = learn_base(log_of(tmp_path, columns), LightGbmLearner(), 0)
    assert base.forest is None
    assert probability(np.array([base.rate_log_odds]))[0] == pytest.approx(17.5 / 1001)


def test_every_action_is_scored_as_if_it_had_been_taken(tmp_path: Path) -> None:
    log = log_of(tmp_path, visits(2_000))
    base = learn_base(log, LightGbmLearner(), 0)
    every = base.log_odds_of_all(log)
    assert np.array_equal(every[np.arange(len(log)), log.action], base.log_odds(log))


def test_what_was_declared_monotone_is(tmp_path: Path) -> None:
    text = SPEC.replace("age: numeric", "age: {type: numeric, monotone: decreasing}")
    log = log_of(tmp_path, visits(4_000), text)
    base = learn_base(log, LightGbmLearner(), 0)
    matrix = np.repeat(base.encoder.matrix(log)[:1], 62, axis=0)
    matrix[:, 1] = np.arange(18, 80)
    assert base.forest is not None
    assert (np.diff(base.forest.log_odds(matrix)) <= 1e-12).all()


def test_a_label_that_is_unknown_or_rare_is_of_one_bucket_and_a_missing_one_is_not(tmp_path: Path) -> None:
    columns = {**visits(30), "city": ["paris"] * 20 + ["lyon"] * 7 + ["nice", "metz", ""]}
    log = log_of(tmp_path, columns)
    codes = encoder_of(log).matrix(log)[:, 2]
    assert codes[[0, 20, 27, 28]].tolist() == [1.0, 2.0, 0.0, 0.0]
    assert np.isnan(codes[29])


class Interrupted(Exception):
    """As Ctrl-C does."""


def test_a_training_that_was_interrupted_goes_on_from_the_rounds_that_are_done(tmp_path: Path) -> None:
    log = log_of(tmp_path, visits(3_000))
    kept: list[Progress] = []

    def told(progress: Progress) -> None:
        kept.append(progress)
        if progress.rounds == 40:
            raise Interrupted

    with pytest.raises(Interrupted):
        learn_base(log, LightGbmLearner(), 0, Course(None, told))
    assert [progress.rounds for progress in kept] == [20, 40]
    later: list[Progress] = []
    base = learn_base(log, LightGbmLearner(), 0, Course(kept[-1], later.append))
    assert later[0].rounds == 60
    whole = learn_base(log, LightGbmLearner(), 0)
    assert base.rounds > 0
    assert probability(base.log_odds(log)) == pytest.approx(probability(whole.log_odds(log)), abs=0.15)
    finished = learn_base(log, LightGbmLearner(), 0, Course(later[-1], later.append))
    assert np.array_equal(finished.log_odds(log), base.log_odds(log))


def test_the_same_seed_gives_the_same_model(tmp_path: Path) -> None:
    log = log_of(tmp_path, visits(1_500))
    one, other = (learn_model(log, LightGbmLearner(), 4) for _ in range(2))
    assert np.array_equal(one.predict(log)[0], other.predict(log)[0])


def test_rewards_between_zero_and_one_are_learnt_as_they_are(tmp_path: Path) -> None:
    columns = visits(3_000)
    half = {**columns, "click": [0.5 * int(click) for click in columns["click"]]}
    whole, halved = (learn_base(log_of(tmp_path, each), LightGbmLearner(), 0) for each in (columns, half))
    log = log_of(tmp_path, columns)
    assert halved.rounds > 0
    ratio = probability(halved.log_odds(log)).mean() / probability(whole.log_odds(log)).mean()
    assert ratio == pytest.approx(0.5, abs=0.05)
