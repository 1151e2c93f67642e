"""What the scoring service counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from prometheus_client import Counter, Gauge, Histogram

from services.scoring.adapters.prometheus_health import PrometheusHealth
from services.scoring.domain.health.report import HealthReport
from shared.metrics import MODEL_AGE

_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)

MODEL_POSITION = Gauge("tandem_scoring_model_position", "The last reward of the log that the model learnt.", ("model",))
REWARDS = Counter("tandem_scoring_rewards_total", "Rewards received, by result.", ("result",))
PROPENSITY = Histogram("tandem_scoring_propensity", "Mean propensity of each call's best candidate.", buckets=_BUCKETS)
CANDIDATES = Counter("tandem_scoring_candidates_total", "Candidates scored.")
MODEL_REFUSED = Gauge(
    "tandem_scoring_model_refused",
    "1 while a model that is assigned cannot be used and the one before stays.",
    ("objective",),
)
NOT_LEARNT = Counter(
    "tandem_scoring_rewards_not_learnt_total",
    "Entries of the reward log that a model could not learn and skipped.",
    ("objective",),
)
UNUSABLE = Counter(
    "tandem_scoring_unusable_scores_total",
    "Scores of a base that were no numbers: its rate stood for them.",
    ("objective",),
)

for _result in ("learnt", "corrected", "duplicate", "refused"):
    REWARDS.labels(_result)


class PrometheusObserver:
    def __init__(self) -> None:
        self._health = PrometheusHealth()

    def scored(self, means: npt.NDArray[np.float64]) -> None:
        CANDIDATES.inc(len(means))
        if len(means):
            PROPENSITY.observe(float(means.max()))

    def rewarded(self, results: Mapping[str, int]) -> None:
        for result, count in results.items():
            REWARDS.labels(result).inc(count)

    def model_is(self, model_id: str, position: int, age_seconds: float) -> None:
        MODEL_POSITION.labels(model_id).set(position)
        MODEL_AGE.labels(model_id).set(age_seconds)

    def model_dropped(self, model_id: str) -> None:
        MODEL_POSITION.remove(model_id)
        MODEL_AGE.remove(model_id)

    def assignment_is(self, objective: str, is_refused: bool) -> None:
        MODEL_REFUSED.labels(objective).set(is_refused)

    def not_learnt(self, objective: str, count: int) -> None:
        NOT_LEARNT.labels(objective).inc(count)

    def unusable(self, objective: str, count: int) -> None:
        UNUSABLE.labels(objective).inc(count)

    def health_is(self, report: HealthReport) -> None:
        self._health.health_is(report)

    def rolled_back(self, objective: str) -> None:
        self._health.rolled_back(objective)
