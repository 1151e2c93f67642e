"""What the scoring service counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from prometheus_client import Counter, Gauge, Histogram

from shared.metrics import MODEL_AGE

_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)

MODEL_POSITION = Gauge("tandem_scoring_model_position", "The last reward of the log that the model learnt.", ("model",))
REWARDS = Counter("tandem_scoring_rewards_total", "Rewards received, by result.", ("result",))
PROPENSITY = Histogram("tandem_scoring_propensity", "Mean propensity of each call's best candidate.", buckets=_BUCKETS)
CANDIDATES = Counter("tandem_scoring_candidates_total", "Candidates scored.")

for _result in ("learnt", "corrected", "duplicate", "refused"):
    REWARDS.labels(_result)


class PrometheusObserver:
    def __init__(self, model: str) -> None:
        self._position = MODEL_POSITION.labels(model)
        self._age = MODEL_AGE.labels(model)

    def scored(self, means: npt.NDArray[np.float64]) -> None:
        CANDIDATES.inc(len(means))
        if len(means):
            PROPENSITY.observe(float(means.max()))

    def rewarded(self, results: Mapping[str, int]) -> None:
        for result, count in results.items():
            REWARDS.labels(result).inc(count)

    def model_is(self, position: int, age_seconds: float) -> None:
        self._position.set(position)
        self._age.set(age_seconds)
