"""Log-odds moved so that what is expected stays: a layer over a base is uncertain, and E σ(η) with it is not σ(E η).

The table maps a base's log-odds to the mean that log-odds of the layer's variance need for the base's probability
(MacKay 1992, the moderated output, inverted).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.logit_normal import probability_moments

Floats = NDArray[np.float64]

_GRID = np.linspace(-30.0, 30.0, 601)


class Moderation:
    """For a layer of this variance before anything is learnt."""

    def __init__(self, variance: float) -> None:
        expected, _ = probability_moments(_GRID, np.full(_GRID.size, variance))
        self._table: Floats = np.interp(1.0 / (1.0 + np.exp(-_GRID)), expected, _GRID)

    def __call__(self, log_odds: Floats) -> Floats:
        """Elementwise; beyond ±30 as at ±30."""
        return np.asarray(np.interp(log_odds, _GRID, self._table), np.float64)
