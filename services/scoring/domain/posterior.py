"""What was learnt: a diagonal Gaussian over hashed weights, each N(0, 1) before anything is learnt.

    mean      (TABLE_SIZE,) float64    0 at first
    variance  (TABLE_SIZE,) float64    1 at first

A term enters the log-odds with its prior standard deviation as a factor (see `priors`), so that one table serves every
family and a collision of two families is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.scoring.domain.hashing import TABLE_SIZE

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Posterior:
    """Mutable: learning moves it in place. `position` is the last folded entry of the reward log."""

    mean: Floats = field(default_factory=lambda: np.zeros(TABLE_SIZE))
    variance: Floats = field(default_factory=lambda: np.ones(TABLE_SIZE))
    evidence: dict[str, int] = field(default_factory=dict)
    prior_log_odds: float | None = None
    position: int = 0

    def copy(self) -> Posterior:
        return Posterior(
            self.mean.copy(), self.variance.copy(), dict(self.evidence), self.prior_log_odds, self.position
        )
