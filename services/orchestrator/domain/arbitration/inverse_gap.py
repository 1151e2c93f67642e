"""Choice probabilities by inverse gap weighting (Abe and Long 1999; Foster and Rakhlin 2020, "Beyond UCB", algorithm 1
SquareCB, equation 2): exact, in closed form.

    p_a = 1 / (K + γ × gap_a)     for every contender but the incumbent
    p_b = 1 − Σ p_a               for the incumbent b: at least 1 / K

K counts who is in play: those who explore, and the incumbent, which may be silence. Silence that is not the incumbent
is not in play: what it is worth is known, and nothing is learnt by trying it.

The paper has rewards in [0, 1]; here they are money. A gap is therefore a share of the range in which the reward of
any contender can fall, which does not depend on what is believed of them:

    range = max_a max(r_a(0), r_a(1)) − min_a min(r_a(0), r_a(1))      r_a(y) = slope_a × y + offset_a
    gap_a = min(1, (worth of b − priority_a) / range)

A gap is a difference of expectations, so it is small where success is rare: γ in the hundreds tells 2 % from 1 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.worth import Column


@dataclass(frozen=True, slots=True)
class InverseGapWeighting:
    """`gamma` >= 0: 0 is uniform; the greater, the nearer to taking the incumbent always."""

    gamma: float

    def probabilities(self, contenders: Contenders) -> Column:
        arms = contenders.size + contenders.is_silent
        probabilities = np.zeros(contenders.size + 1)
        probabilities[:-1] = 1.0 / (arms + self.gamma * gaps(contenders))
        probabilities[contenders.incumbent] = 0.0
        probabilities[contenders.incumbent] = 1.0 - probabilities.sum()
        return probabilities


def gaps(contenders: Contenders) -> Column:
    """float64[C] in [0, 1]: how far each is behind the incumbent, as a share of the range of rewards."""
    if not contenders.size:
        return np.zeros(0)
    # Halves, so that no difference of two finite numbers overflows.
    failed = contenders.worth.offset / 2.0
    succeeded = failed + contenders.worth.slope / 2.0
    width = max(failed.max(), succeeded.max()) - min(failed.min(), succeeded.min())
    behind = contenders.best_worth / 2.0 - contenders.priority / 2.0
    shares = np.divide(behind, width, out=np.where(behind > 0.0, 1.0, 0.0), where=behind < width)
    result: Column = np.clip(shares, 0.0, 1.0)
    return result
