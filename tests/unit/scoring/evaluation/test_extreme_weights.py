"""A choice probability may be any number above 0: of 1e-300 comes a weight whose square is no number."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.evaluation.betting import bounded_mean_interval
from services.scoring.domain.evaluation.estimators import (
    Estimate,
    LoggedRows,
    doubly_robust,
    effective_size,
    ips,
    snips,
)
from services.scoring.domain.evaluation.identity import mean_weight
from services.scoring.domain.evaluation.log_evaluation import evaluate
from tests.support.logs import log_of, visits

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def rows(count: int = 400, tiny: float = 1e-300) -> LoggedRows:
    rng = np.random.default_rng(3)
    logging, target = np.full(count, 0.5), np.full(count, 0.5)
    logging[7] = tiny
    return LoggedRows((rng.random(count) < 0.3).astype(float), logging, target, float((target / logging).max()))


def is_an_interval(found: Estimate) -> bool:
    numbers = (found.mean, found.low, found.high, found.effective_sample_size)
    return all(map(math.isfinite, numbers)) and 0.0 <= found.low <= found.high <= 1.0


def test_estimators_answer_with_wide_intervals() -> None:
    logged = rows()
    quarter = np.full(400, 0.25)
    for found in (ips(logged), snips(logged), doubly_robust(logged, quarter, quarter)):
        assert is_an_interval(found)
        assert found.effective_sample_size == pytest.approx(1.0)
    assert snips(logged).high - snips(logged).low > 0.5


def test_the_identity_check_stays_finite() -> None:
    found = mean_weight(rows().weight)
    assert math.isfinite(found.deviations)
    assert found.deviations == pytest.approx(1.0, abs=0.1)


def test_betting_does_not_depend_on_the_unit() -> None:
    terms = np.random.default_rng(5).random(300) ** 3
    low, high = bounded_mean_interval(terms, 0.0, 1.0)
    scaled = bounded_mean_interval(terms * 1e200, 0.0, 1e200)
    assert np.array(scaled) / 1e200 == pytest.approx([low, high], rel=1e-9)
    assert effective_size(terms * 1e200) == pytest.approx(effective_size(terms))


def test_a_log_with_such_a_probability_is_evaluated_or_refused_in_words(tmp_path: Path) -> None:
    columns = visits(400)
    columns["p"] = columns["p"].astype(float)
    columns["p"][5] = 1e-300
    found = evaluate(log_of(tmp_path, columns), LightGbmLearner(), 0.5, 0)
    assert found.policies
