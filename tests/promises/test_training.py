"""A forest that workers of a Dask cluster grow together is as good as one machine's, on rows neither has seen."""

from __future__ import annotations

import time
from collections.abc import Iterator

import distributed
import numpy as np
import pytest
from numpy.typing import NDArray

from services.scoring.adapters.lightgbm.dask_training import DaskLearner
from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.domain.evaluation.prediction_quality import auc
from services.scoring.domain.training.forest_learner import Course, Examples, ForestSettings
from tests.support.promises import Promise

Rows = tuple[NDArray[np.float64], NDArray[np.float64]]
COLUMNS, ACTIONS = 20, 30
LATER = 100_000
"""Rows that say when to stop, and as many to compare on: with fewer, what differs is chance."""


@pytest.fixture
def scheduler() -> Iterator[str]:
    """With two workers, processes of their own, of one thread each."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield str(cluster.scheduler_address)


@pytest.mark.timeout(1_800)
def test_two_workers_learn_as_well_as_one_machine(promise: Promise, scheduler: str) -> None:
    rows = promise.strength(reduced=10_000, full=200_000)
    later_rows = min(LATER, rows)
    (teach, stop), test = (world(rows, 0), world(later_rows, 1)), world(LATER, 2)
    examples = Examples(*teach, *stop)
    settings = ForestSettings((0,), (0, 1, *[0] * (COLUMNS - 2)), 0, rows_per_leaf=40)
    found = {}
    for name, learner in (("one machine", LightGbmLearner()), ("two workers", DaskLearner(scheduler))):
        started = time.monotonic()
        forest = learner.learn(examples, settings, Course())
        found[name] = auc(forest.log_odds(test[0]), test[1])
        promise.figure(f"AUC, {name}", round(found[name], 5))
        promise.figure(f"trees, {name}", forest.rounds)
        promise.figure(f"seconds, {name}", round(time.monotonic() - started, 1))
    difference = abs(found["one machine"] - found["two workers"])
    promise.figure("rows", rows)
    promise.figure("difference of AUC", round(difference, 5))
    assert found["one machine"] > 0.7
    assert difference < promise.strength(reduced=10, full=2) / 1_000


def test_a_cluster_that_is_not_there_is_an_error_soon() -> None:
    settings = ForestSettings((), (0,) * COLUMNS, 0)
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1"):
        DaskLearner("tcp://127.0.0.1:1", connect_seconds=0.5).learn(
            Examples(*world(100, 0), *world(100, 1)), settings, Course()
        )


def world(rows: int, seed: int) -> Rows:
    """A category with tastes of its own, a number that raises, a pair of numbers that matter together, and noise."""
    rng, tastes = np.random.default_rng(seed), np.random.default_rng(99).normal(size=ACTIONS)
    matrix = rng.normal(size=(rows, COLUMNS))
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    matrix[:, 0] = rng.integers(0, ACTIONS, rows)
    known = np.nan_to_num(matrix)
    log_odds = -2.2 + 0.8 * known[:, 1] + 0.5 * known[:, 2] * known[:, 3] + 0.7 * tastes[known[:, 0].astype(int)]
    return matrix, (rng.random(rows) < 1.0 / (1.0 + np.exp(-log_odds))).astype(np.float64)
