"""Predicting, then learning: no row's outcome reaches its own prediction, and what is there to learn is learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.evaluation.prequential import Walk, prequential
from tests.support.logs import log_of, visits

WALK = Walk(batch=100, split=600, window=500, seed=0)


def test_what_is_there_to_learn_is_learnt(tmp_path: Path) -> None:
    found = prequential(log_of(tmp_path, visits(2_000)), LightGbmLearner(), WALK)
    assert found.whole.auc > 0.65
    assert found.whole.rows == found.base_frozen.rows == 1_400
    assert found.from_the_start.rows == 2_000
    assert [window.start for window in found.windows] == [0, 500, 1_000, 1_500]
    assert found.windows[0].base_frozen is None
    assert found.windows[2].base_frozen is not None
    assert found.refits >= 1
    assert found.whole.calibration_error < 0.05


def test_an_outcome_reaches_later_batches_alone(tmp_path: Path) -> None:
    columns = visits(1_300)
    changed = np.array(columns["click"])
    changed[1_040:] = 1 - changed[1_040:]
    one = prequential(log_of(tmp_path, columns), LightGbmLearner(), WALK)
    other = prequential(log_of(tmp_path, {**columns, "click": changed}), LightGbmLearner(), WALK)
    assert np.array_equal(one.predicted[:1_100], other.predicted[:1_100])
    assert not np.allclose(one.predicted[1_100:], other.predicted[1_100:])
    assert np.array_equal(one.frozen_predicted, other.frozen_predicted)


def test_where_there_is_nothing_to_learn_it_costs_little_to_try(tmp_path: Path) -> None:
    found = prequential(log_of(tmp_path, visits(1_500, gain=0.0)), LightGbmLearner(), WALK)
    assert found.base_rounds == 0
    assert found.log_loss_saved.mean > -0.01
