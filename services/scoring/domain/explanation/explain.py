"""Takes a score of the Bayesian model over a base apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.explanation.explanation import Explanation, contributions_of
from services.scoring.domain.explanation.forest import RawParts, by_name
from services.scoring.domain.explanation.learnt import learnt_by_name
from services.scoring.domain.posterior import Posterior
from services.scoring.domain.priors import Priors
from services.scoring.domain.scoring import Scores

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """What answered: `base` are the parts of the raw score of its forest, None where it has none."""

    posterior: Posterior
    priors: Priors
    compiled: CompiledFeatureSet
    base: RawParts | None


def explain(model: Model, shown: Shown, scores: Scores) -> Explanation:
    """Of the one candidate that `scores` are of. What everybody has is what the base expects before it looks at
    anything, calibrated, and the layer's intercept."""
    learnt = learnt_by_name(model.posterior, model.compiled, shown, model.priors)
    crosses = model.base.columns.crosses if model.base else ()
    contributions = contributions_of(_of_base(model), learnt.by_name, shown, crosses)
    log_odds = float(scores.log_odds_means[0])
    return Explanation(
        model_version=scores.model_version,
        mean=float(scores.means[0]),
        log_odds=log_odds,
        expected_log_odds=log_odds - sum(each.total for each in contributions),
        contributions=contributions,
    )


def _of_base(model: Model) -> Mapping[str, float]:
    bound = model.compiled.base
    if model.base is None or bound is None:
        return {}

    def curve(raw: Floats) -> Floats:
        return bound.onto(bound.calibration(raw)).offsets

    return by_name(model.base, curve)
