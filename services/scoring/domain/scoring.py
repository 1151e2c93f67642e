"""The question of a call and its answer, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
class Scores:
    """Columns (n,) float64 in the order of the query.

    means                the propensity: the probability of the positive outcome, in (0, 1)
    uncertainties        its standard deviation under the posterior
    evidences            responses behind the action so far
    log_odds_means       of the candidate's own log-odds, everything included
    log_odds_deviations  of the part that the candidates of this call do not share
    """

    model_version: str
    means: Floats
    uncertainties: Floats
    evidences: Floats
    log_odds_means: Floats
    log_odds_deviations: Floats
    feature_statuses: Mapping[str, FeatureStatus]
