"""What is believed of each candidate's propensity: its mean, and the normal posterior of its log-odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.worth import Column


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """All columns have one row per candidate."""

    propensity: Column
    log_odds_mean: Column
    log_odds_deviation: Column
    explores: NDArray[np.bool_]
    """False for what never gains from exploration: it is chosen where it is best by expectation, or not at all."""

    def take(self, rows: NDArray[np.intp]) -> Beliefs:
        return Beliefs(
            self.propensity[rows], self.log_odds_mean[rows], self.log_odds_deviation[rows], self.explores[rows]
        )
