"""Forests by LightGBM on the workers of a Dask cluster, which need Dask and LightGBM, and nothing of ours.

The number of trees is chosen here, on the newest LOCAL_ROWS rows, and then fixed: early stopping over several workers
ends in socket errors at times. Every worker has an equal part of the rows; trees are grown by all of them together
(data parallel), so their number changes the forest a little and its quality hardly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import dask
import dask.array
import distributed
import lightgbm
import numpy as np
from numpy.typing import NDArray

from services.scoring.adapters.lightgbm.training import MADE_WITH, LightGbmForest, LightGbmLearner, parameters_of
from services.scoring.domain.training.forest_learner import Course, Examples, Forest, ForestSettings

LOCAL_ROWS = 100_000
DASK_MADE_WITH = {**MADE_WITH, "dask": str(dask.__version__)}
"""Versions, for the lineage of a model."""


@dataclass(frozen=True, slots=True)
class DaskLearner:
    """Implements ForestLearner. `scheduler` is an address such as tcp://10.0.0.1:8786. Progress is told, and a training
    goes on from it, while the number of trees is chosen.
    """

    scheduler: str
    local_rows: int = LOCAL_ROWS
    connect_seconds: float = 30.0

    def learn(self, examples: Examples, settings: ForestSettings, course: Course) -> Forest:
        """Raises OSError where there is no scheduler, or RuntimeError where it has no workers."""
        with distributed.Client(self.scheduler, timeout=self.connect_seconds, asynchronous=False) as client:
            workers = sorted(client.scheduler_info(n_workers=-1)["workers"])
            if not workers:
                raise RuntimeError("the Dask scheduler has no workers")
            rounds = self._rounds(examples, settings, course)
            return LightGbmForest(_booster(client, workers, examples, replace(settings, rounds=rounds)), rounds)

    def read(self, text: str) -> Forest:
        return LightGbmLearner().read(text)

    def _rounds(self, examples: Examples, settings: ForestSettings, course: Course) -> int:
        newest = slice(max(0, examples.outcome.size - self.local_rows), None)
        sample = replace(examples, matrix=examples.matrix[newest], outcome=examples.outcome[newest])
        share = sample.outcome.size / examples.outcome.size
        local = replace(settings, rows_per_leaf=max(1, round(settings.rows_per_leaf * share)))
        return LightGbmLearner().learn(sample, local, course).rounds


def _booster(
    client: distributed.Client, workers: Sequence[str], examples: Examples, settings: ForestSettings
) -> lightgbm.Booster:
    matrix, outcome = (_spread(client, rows, workers) for rows in (examples.matrix, examples.outcome))
    given = {
        name: value
        for name, value in parameters_of(examples, settings, 0).items()
        if value is not None and name != "num_threads"
    }
    # A regressor: it takes outcomes between 0 and 1; the objective is the one of `given`.
    model = lightgbm.DaskLGBMRegressor(client=client, n_estimators=settings.rounds, tree_learner="data", **given)
    model.fit(matrix, outcome, categorical_feature=list(settings.categorical))
    return model.booster_


def _spread(client: distributed.Client, rows: NDArray[np.float64], workers: Sequence[str]) -> dask.array.Array:
    """An equal part on each worker: Dask would gather what is small on one of them."""
    parts = []
    for part, worker in zip(np.array_split(rows, len(workers)), workers, strict=True):
        there = client.scatter(np.ascontiguousarray(part), workers=[worker])
        parts.append(dask.array.from_delayed(dask.delayed(there), part.shape, np.float64))
    return dask.array.concatenate(parts)
