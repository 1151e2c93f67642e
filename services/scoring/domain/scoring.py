"""The question of a call and its answer, as columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from services.scoring.domain.severity import Severity
from shared.values import Feature, FeatureStatus

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoreQuery:
    """Candidates of one customer: the i-th of each column belongs together.

    `channels` and `placement_ids` are empty, or as long as `actions`.
    """

    feature_set_version: str
    features: Mapping[str, Feature]
    actions: Sequence[str]
    channels: Sequence[str] = ()
    placement_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ShadowScores:
    """Scored and logged, not used; (n,) float64."""

    model_version: str
    means: Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """Columns (n,) float64 in the order of the query.

    means                the propensity: the probability of the positive outcome, in (0, 1)
    uncertainties        its standard deviation under the posterior
    evidences            responses behind the action so far, those that taught a base included
    log_odds_means       of the candidate's own log-odds, everything included
    log_odds_deviations  of the part that the candidates of this call do not share
    severity             what a success is worth; None where no amounts are learnt, and of an apprentice

    `unusable` base scores were no numbers: the base's rate stands for them. `shadow` is what a model says that is only
    tried. Of an `is_apprentice`, the columns are the expected rate alone, and what it would have said is the shadow.
    """

    model_version: str
    means: Floats
    uncertainties: Floats
    evidences: Floats
    log_odds_means: Floats
    log_odds_deviations: Floats
    feature_statuses: Mapping[str, FeatureStatus]
    unusable: int = 0
    shadow: ShadowScores | None = None
    is_apprentice: bool = False
    severity: Severity | None = None


def expected_rate(scores: Scores, propensity: float) -> Scores:
    """The same probability for all candidates, known for certain, so that only what they are worth ranks them. What was
    said instead is the shadow."""
    same = np.full(len(scores.means), propensity)
    nothing = np.zeros(len(scores.means))
    return replace(
        scores,
        model_version=f"rate@{scores.model_version.rpartition('@')[2]}",
        means=same,
        uncertainties=nothing,
        log_odds_means=np.full(len(scores.means), math.log(propensity / (1.0 - propensity))),
        log_odds_deviations=nothing,
        shadow=ShadowScores(scores.model_version, scores.means),
        is_apprentice=True,
        severity=None,
    )
