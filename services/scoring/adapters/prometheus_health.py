"""How models fare, for Prometheus. A series of what is not there any more is removed, not left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import Counter, Gauge

from services.scoring.domain.health.quality import ModelQuality
from services.scoring.domain.health.report import BOUNDS_WATCHED, HealthReport

_BY_ROLE = ("objective", "role")
_BY_FEATURE = ("objective", "feature")
_ROLES = ("champion", "challenger")

PRESENTATIONS = Gauge("tandem_scoring_model_presentations", "Recent presentations with a prediction.", _BY_ROLE)
AUC = Gauge("tandem_scoring_model_auc", "Of recent predictions, against what came.", _BY_ROLE)
LOG_LOSS = Gauge("tandem_scoring_model_log_loss", "Mean of recent predictions, in nats.", _BY_ROLE)
BRIER = Gauge("tandem_scoring_model_brier_score", "Mean of recent predictions.", _BY_ROLE)
ERROR = Gauge("tandem_scoring_model_calibration_error", "Mean distance of prediction and rate.", _BY_ROLE)
RATIO = Gauge("tandem_scoring_model_calibration_ratio", "Recent rewards divided by what was predicted.", _BY_ROLE)
PSI = Gauge("tandem_scoring_model_feature_psi", "Population stability index of a feature.", _BY_FEATURE)
MISSING = Gauge("tandem_scoring_model_feature_missing", "Share of recent presentations without a feature.", _BY_FEATURE)
ENTROPY = Gauge("tandem_scoring_model_exploration_entropy", "Of recent choices, in nats.", ("objective",))
SHARE = Gauge(
    "tandem_scoring_model_exploration_share", "Entropy of recent choices, of that of a uniform choice.", ("objective",)
)
BROKEN = Gauge("tandem_scoring_model_bound_broken", "1 while a champion breaks a bound.", ("objective", "bound"))
ALARMS = Gauge("tandem_scoring_model_alarms", "What is wrong with the models in use.", ("objective",))
ROLLED_BACK = Counter(
    "tandem_scoring_model_rolled_back_total", "Champions that gave way by themselves.", ("objective",)
)

_QUALITY: tuple[tuple[Gauge, Callable[[ModelQuality], float | None]], ...] = (
    (PRESENTATIONS, lambda quality: quality.presentations),
    (AUC, lambda quality: quality.auc),
    (LOG_LOSS, lambda quality: quality.log_loss),
    (BRIER, lambda quality: quality.brier),
    (ERROR, lambda quality: quality.calibration_error),
    (RATIO, lambda quality: quality.calibration_ratio),
)


class PrometheusHealth:
    def __init__(self) -> None:
        self._features: dict[str, set[str]] = {}

    def health_is(self, report: HealthReport) -> None:
        used = report.assignment
        by_model = {each.model_id: each for each in report.qualities}
        for role, model_id in zip(_ROLES, (used.champion, used.challenger), strict=True):
            _show_quality(used.objective, role, by_model.get(model_id))
        self._show_features(report)
        ENTROPY.labels(used.objective).set(report.exploration_entropy)
        _show(SHARE, (used.objective,), report.exploration_share)
        ALARMS.labels(used.objective).set(len(report.alarms))
        for bound in BOUNDS_WATCHED:
            BROKEN.labels(used.objective, bound).set(bound in report.broken)
        ROLLED_BACK.labels(used.objective)

    def rolled_back(self, objective: str) -> None:
        ROLLED_BACK.labels(objective).inc()

    def _show_features(self, report: HealthReport) -> None:
        objective = report.assignment.objective
        for gauge, numbers in (
            (MISSING, {each.name: each.share_missing for each in report.features}),
            (PSI, {each.name: each.psi for each in report.features}),
        ):
            for name in self._features.get(objective, set()) | numbers.keys():
                _show(gauge, (objective, name), numbers.get(name))
        self._features[objective] = {each.name for each in report.features}


def _show_quality(objective: str, role: str, quality: ModelQuality | None) -> None:
    for gauge, read in _QUALITY:
        _show(gauge, (objective, role), None if quality is None else read(quality))


def _show(gauge: Gauge, labels: Iterable[str], number: float | None) -> None:
    if number is not None:
        gauge.labels(*labels).set(number)
    else:
        gauge.remove(*labels)
