"""How good a model is on its log's later rows. They said when to stop and how to calibrate: a little optimistic."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from services.scoring.domain.evaluation.prediction_quality import quality
from services.scoring.domain.logs.log import Log
from services.scoring.domain.training.base_model import first_part
from services.scoring.domain.training.tandem_model import TandemModel
from services.scoring.domain.training.taught_forest import probability, rate_log_odds


def held_out_metrics(log: Log, model: TandemModel) -> dict[str, dict[str, Any]]:
    """Of the base model, and of the rate of the first rows. None is a figure that does not exist."""
    middle = first_part(len(log))
    later = log.take(slice(middle, None))
    rate = np.full(len(later), rate_log_odds(log.outcome[:middle]))
    said = {"base": model.base.log_odds(later), "rate": rate}
    return {
        name: {
            figure: value if isfinite(value) else None
            for figure, value in asdict(quality(probability(log_odds), later.outcome)).items()
        }
        for name, log_odds in said.items()
    }
