"""What is old counts less: every variance goes back towards its prior, 1, so that what drifts is followed.

Discounting, West and Harrison 1997 (Bayesian Forecasting and Dynamic Models, §6.3), towards the prior instead of
without bound: a weight that nothing is heard of ends where it began in its uncertainty, and keeps its mean.

Counted in responses that the model learnt, a function of the log alone: replicas forget at the same place. Positions
would count what other objectives learn, and a rare objective would forget faster than it learns.
"""

from __future__ import annotations

import math

from services.scoring.domain.posterior import Posterior

MEMORY = 200_000.0
"""After so many responses about two thirds of what they taught is forgotten; until there are as many, nothing is."""
EVERY = 1_000
"""Responses: a pass over the whole table, half a millisecond, is shared by as many."""


def forget(posterior: Posterior, responses: int, memory: float) -> None:
    """What so many responses make forgotten."""
    kept = math.exp(-responses / memory)
    variance = posterior.variance
    variance -= 1.0
    variance *= kept
    variance += 1.0
    posterior.count *= kept


def forget_if_due(posterior: Posterior) -> None:
    """For after each response that was learnt."""
    if posterior.responses > MEMORY and posterior.responses % EVERY == 0:
        forget(posterior, EVERY, MEMORY)
