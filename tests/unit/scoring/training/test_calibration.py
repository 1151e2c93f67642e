"""Calibrations repair what they are for, keep the order, and are chosen by what they lose on other rows."""

from __future__ import annotations

import numpy as np
import pytest

from services.scoring.domain.training.calibration import Calibration, calibrated, isotonic, platt


def _world(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds, and outcomes drawn from them."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-1.0, 1.5, rows)
    return log_odds, (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.float64)


def test_a_line_undoes_a_line() -> None:
    truth, outcome = _world(20_000)
    found = platt(2.0 * truth + 1.0, outcome)
    assert found.slope == pytest.approx(0.5, abs=0.03)
    assert found.offset == pytest.approx(-0.5, abs=0.06)


def test_a_staircase_has_the_rates_of_its_steps_and_never_says_never() -> None:
    found = isotonic(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    rates = 1 / (1 + np.exp(-np.array([onto for _, onto in found.knots])))
    assert rates == pytest.approx([0.25, 0.5, 0.75])


def test_every_calibration_keeps_the_order() -> None:
    truth, outcome = _world(500)
    ordered = np.sort(truth)
    for fit in (platt, isotonic):
        assert (np.diff(fit(truth, outcome)(ordered)) >= 0).all()


def test_what_is_calibrated_stays_nearly_as_it_is_and_what_is_bent_gets_a_staircase() -> None:
    truth, outcome = _world(20_000)
    same = calibrated(truth, outcome)
    assert np.abs(same(truth) - truth).mean() < 0.1
    bent = calibrated(np.where(truth > 0, truth * 5, truth), outcome)
    assert bent.method == "isotonic"


def test_few_rows_or_one_kind_of_outcome_calibrate_nothing() -> None:
    assert calibrated(np.zeros(10), np.ones(10)) == Calibration()
    assert calibrated(np.zeros(100), np.zeros(100)) == Calibration()
