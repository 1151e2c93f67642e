"""How an objective's models fare, with what is wrong in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.scoring.domain.health.bounds import Bounds
from services.scoring.domain.health.drift import DRIFTED
from services.scoring.domain.health.exploration import exploration
from services.scoring.domain.health.failings import failings
from services.scoring.domain.health.presentations import Presentation, Recent
from services.scoring.domain.health.quality import ModelQuality, predicted_by, quality
from services.scoring.domain.models import Assignment

BOUNDS_WATCHED = ("calibration", "ranking", "log_loss", "exploration", "drift")
"""What a champion can break; `failings` says when."""
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
    exploration_share: float | None = None
    """Of the entropy of a uniform choice; None where no number of candidates is known."""
    serving: str = ""
    """The champion that answers in this process, while it is another one than the assignment's; else empty."""
    broken: frozenset[str] = frozenset()
    """Bounds that are broken, of BOUNDS_WATCHED."""


def report_of(
    recent: Recent, judging: Sequence[Presentation], assignment: Assignment, bounds: Bounds, now_ms: int
) -> HealthReport:
    """`recent.drift` counts against the champion's reference; models are judged by `judging`."""
    used = [model_id for model_id in (assignment.champion, assignment.challenger) if model_id]
    found = (quality(model_id, predicted_by(model_id, judging)) for model_id in used)
    explored, features = exploration(recent.presentations), _features(recent)
    broken = [each for model_id in used for each in failings(model_id, judging, bounds, now_ms)]
    of_champion = {each.bound for each in broken if each.model_id == assignment.champion}
    alarms = [each.text for each in broken if each.is_of_any_model or each.model_id == assignment.champion]
    alarms += _drift_alarms(features)
    if explored.collapse is not None:
        alarms.append(explored.collapse)
        of_champion.add("exploration")
    if any(each.is_drifted for each in features):
        of_champion.add("drift")
    return HealthReport(
        assignment,
        len(recent.presentations),
        tuple(each for each in found if each is not None),
        features,
        explored.entropy,
        tuple(alarms),
        explored.share,
        broken=frozenset(of_champion),
    )


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
