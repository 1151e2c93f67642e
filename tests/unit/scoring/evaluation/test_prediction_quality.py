"""Figures of merit, against cases that are reckoned by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from services.scoring.domain.evaluation.prediction_quality import auc, best_half_share, calibration_error, quality


def test_figures_of_four_rows() -> None:
    predicted, outcome = np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])
    found = quality(predicted, outcome)
    assert found.auc == 0.75
    assert found.brier == pytest.approx((0.01 + 0.16 + 0.4225 + 0.04) / 4)
    assert found.log_loss == pytest.approx(-(math.log(0.9) + math.log(0.6) + math.log(0.35) + math.log(0.8)) / 4)
    assert found.best_half_share == 0.5
    assert (found.rows, found.positives) == (4, 2)


def test_equal_scores_tell_nothing_apart_whatever_the_order() -> None:
    same, outcome = np.full(10, 0.3), np.array([1.0] * 3 + [0.0] * 7)
    assert auc(same, outcome) == 0.5
    assert best_half_share(same, outcome) == pytest.approx(0.5)
    assert best_half_share(same[::-1], outcome[::-1]) == pytest.approx(0.5)


def test_a_calibrated_prediction_has_a_small_error_and_a_wrong_one_its_distance() -> None:
    rng = np.random.default_rng(2)
    said = rng.uniform(0, 1, 50_000)
    outcome = (rng.random(50_000) < said).astype(np.float64)
    assert calibration_error(said, outcome) < 0.01
    assert calibration_error(np.full(100, 0.9), np.zeros(100)) == pytest.approx(0.9)


def test_without_positives_some_figures_do_not_exist() -> None:
    found = quality(np.array([0.2, 0.3]), np.zeros(2))
    assert math.isnan(found.auc)
    assert math.isnan(found.best_half_share)
    assert math.isfinite(found.log_loss)
