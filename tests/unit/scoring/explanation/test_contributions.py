"""Shapley values by LightGBM: they add up to the compiled forest's score, and are fair."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from services.scoring.adapters.lightgbm.contributions import LightGbmContributions
from services.scoring.domain.forest.compiled import Side, compile_forest
from services.scoring.domain.forest.text import read_model

CONTRIBUTIONS = LightGbmContributions()
COLUMNS = 4


def forest(seed: int) -> str:
    """Of two numbers with missing values, a category, and a column that says nothing."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(2_000, COLUMNS))
    matrix[:, 2] = rng.integers(0, 12, 2_000)
    outcome = rng.random(2_000) < 1.0 / (1.0 + np.exp(-matrix[:, 0] * matrix[:, 1] - (matrix[:, 2] % 3 - 1)))
    matrix[rng.random((2_000, COLUMNS)) < 0.1] = np.nan
    matrix[:, 3] = 1.0
    data = lightgbm.Dataset(matrix, outcome.astype(float), categorical_feature=[2])
    settings = {"objective": "binary", "num_leaves": 15, "verbosity": -1, "num_threads": 1, "seed": seed}
    return str(lightgbm.train(settings, data, 20).model_to_string())


@pytest.mark.parametrize("seed", range(3))
def test_values_and_the_expected_score_add_up_to_the_compiled_score(seed: int) -> None:
    text, rng = forest(seed), np.random.default_rng(seed)
    rows = rng.normal(size=(50, COLUMNS))
    rows[:, 2] = rng.integers(0, 20, 50)
    rows[rng.random((50, COLUMNS)) < 0.2] = np.nan
    bound = compile_forest(read_model(text), [Side.CROSS] * COLUMNS).bind(np.empty((1, 0)))
    scores = bound.scores(np.empty(0), np.zeros(50, np.intp), rows)
    found = np.array([CONTRIBUTIONS(text, row) for row in rows])
    assert found.shape == (50, COLUMNS + 1)
    assert found.sum(1) == pytest.approx(scores, abs=1e-9)
    assert np.ptp(found[:, -1]) == 0.0
    assert not found[:, 3].any()


def test_two_columns_that_do_the_same_have_the_same_value() -> None:
    """Positive where both are: neither is before the other."""
    both = np.array([(a, b) for a in (0.0, 1.0) for b in (0.0, 1.0)] * 100)
    outcome = (both.sum(1) == 2.0).astype(float)
    settings = {"objective": "binary", "num_leaves": 4, "min_data_in_leaf": 1, "verbosity": -1, "num_threads": 1}
    text = str(lightgbm.train(settings, lightgbm.Dataset(both, outcome), 1).model_to_string())
    found = CONTRIBUTIONS(text, np.ones(2))
    assert found[0] == pytest.approx(found[1], abs=1e-12)
    assert found[0] > 0.1
