"""How an objective's models fare, with what is wrong in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.scoring.domain.health.bounds import Bounds, calibration
from services.scoring.domain.health.drift import DRIFTED
from services.scoring.domain.health.exploration import choice_probabilities, entropy, is_collapsed
from services.scoring.domain.health.presentations import Presentation, Recent
from services.scoring.domain.health.quality import ModelQuality, predicted_by, quality
from services.scoring.domain.models import Assignment

LEAST_DRIFTED_ROWS = 500
"""Of a feature, before it is called drifted: with its 22 bins at most, chance alone gives a PSI of about 0.05."""
_NAMED = 5


@dataclass(frozen=True, slots=True)
class FeatureHealth:
    """`psi` is None without a reference."""

    name: str
    share_missing: float
    psi: float | None
    rows: int

    @property
    def is_drifted(self) -> bool:
        return self.psi is not None and self.psi > DRIFTED and self.rows >= LEAST_DRIFTED_ROWS


@dataclass(frozen=True, slots=True)
class HealthReport:
    """`qualities` are the champion's and then the challenger's, as far as they predicted anything."""

    assignment: Assignment
    presentations: int
    qualities: tuple[ModelQuality, ...]
    features: tuple[FeatureHealth, ...]
    exploration_entropy: float
    alarms: tuple[str, ...]


def report_of(recent: Recent, assignment: Assignment, bounds: Bounds, now_ms: int) -> HealthReport:
    """`recent.drift` counts against the champion's reference. Rewards that may still come raise no alarm."""
    used = [model_id for model_id in (assignment.champion, assignment.challenger) if model_id]
    found = (quality(model_id, predicted_by(model_id, recent.presentations)) for model_id in used)
    probabilities = choice_probabilities(recent.presentations)
    features = _features(recent)
    final = [each for each in recent.presentations if each.time_ms <= now_ms - bounds.maturity_ms]
    alarms = [alarm for model_id in used if (alarm := _calibration_alarm(model_id, final, bounds))]
    alarms += _drift_alarms(features)
    if is_collapsed(probabilities):
        text = f"nothing is explored any more: the last {len(probabilities):,} choices have an entropy of"
        alarms.append(f"{text} {entropy(probabilities):.4f} nats")
    return HealthReport(
        assignment,
        len(recent.presentations),
        tuple(each for each in found if each is not None),
        features,
        entropy(probabilities),
        tuple(alarms),
    )


def _calibration_alarm(model_id: str, final: Sequence[Presentation], bounds: Bounds) -> str | None:
    predicted = predicted_by(model_id, final)
    found = calibration(predicted.predictions, predicted.rewards)
    if not found.is_broken(bounds):
        return None
    return f"{model_id} is not calibrated: rewards are {found.ratio:.2f} times what it predicted (z = {found.z:.1f})"


def _features(recent: Recent) -> tuple[FeatureHealth, ...]:
    drift = recent.drift
    indexes: Mapping[str, float] = drift.psi()
    rows = drift.rows
    return tuple(FeatureHealth(name, share, indexes.get(name), rows[name]) for name, share in drift.missing.items())


def _drift_alarms(features: tuple[FeatureHealth, ...]) -> list[str]:
    drifted = sorted((each for each in features if each.is_drifted), key=lambda each: -(each.psi or 0.0))
    alarms = [
        f"{each.name} has drifted since the champion was trained: PSI {each.psi:.2f}" for each in drifted[:_NAMED]
    ]
    if len(drifted) > _NAMED:
        alarms.append(f"{len(drifted) - _NAMED} more features have drifted")
    return alarms
