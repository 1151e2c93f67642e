"""What was learnt: a diagonal Gaussian over hashed weights, and over the scales of three kinds of terms.

    mean            (TABLE_SIZE,) float64    of a weight, 0 at first
    variance        (TABLE_SIZE,) float64    1 at first
    count           (TABLE_SIZE,) float64    presentations that a weight had part in, but for forgotten ones
    scale_mean      (4,) float64             of a kind's scale, by Kind; 1 for BASE, which is not scaled
    scale_variance  (4,) float64             0 for BASE
    level           (4,) float64             running mean of a kind's part of the log-odds, before its scale

Every weight is N(0, 1) before anything is learnt, whatever its family (`priors`): one table serves all, and two
families that share a slot do each other no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.scoring.domain.amounts import Amounts
from services.scoring.domain.hashing import TABLE_SIZE
from services.scoring.domain.priors import Priors
from services.scoring.domain.standards import Standard

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Posterior:
    """Mutable: learning moves it in place.

    `offset` is the log-odds that everything is relative to: those of the first feature set that was learnt from, None
    before. A later set may expect another share of positive outcomes, and must not move what is known by saying so.
    """

    mean: Floats
    variance: Floats
    count: Floats
    scale_mean: Floats
    scale_variance: Floats
    level: Floats
    responses: int
    evidence: dict[str, int]
    offset: float | None
    position: int
    standards: dict[str, Standard] = field(default_factory=dict)
    amounts: Amounts = field(default_factory=Amounts)

    @property
    def scale_square(self) -> Floats:
        """E[scale²] of each kind."""
        return self.scale_mean**2 + self.scale_variance

    def copy(self) -> Posterior:
        return Posterior(
            self.mean.copy(),
            self.variance.copy(),
            self.count.copy(),
            self.scale_mean.copy(),
            self.scale_variance.copy(),
            self.level.copy(),
            self.responses,
            dict(self.evidence),
            self.offset,
            self.position,
            dict(self.standards),
            self.amounts.copy(),
        )


def untaught(priors: Priors, position: int = 0) -> Posterior:
    """Before the first reward; `position` is the last entry that is not to be learnt."""
    mean, variance = priors.scale_mean, priors.scale_deviation**2
    return Posterior(
        mean=np.zeros(TABLE_SIZE),
        variance=np.ones(TABLE_SIZE),
        count=np.zeros(TABLE_SIZE),
        scale_mean=np.array([1.0, mean, mean, mean]),
        scale_variance=np.array([0.0, variance, variance, variance]),
        level=np.zeros(4),
        responses=0,
        evidence={},
        offset=None,
        position=position,
    )
