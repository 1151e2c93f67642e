"""Random fields of candidates, and the slow way to what the quadrature computes: drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from services.orchestrator.domain.arbitration.thompson import Beliefs
from services.orchestrator.domain.arbitration.worth import Worth

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a random field looks: its size, how far values and deviations spread, which share explores or loses money."""

    size: int
    value_spread: float = 1.0
    deviation: float = 1.0
    exploring: float = 1.0
    negative: float = 0.0


def random_field(shape: Shape, seed: int) -> tuple[Worth, Beliefs]:
    rng = np.random.default_rng(seed)
    value = np.exp(rng.normal(0.0, shape.value_spread, shape.size))
    sign = np.where(rng.random(shape.size) < shape.negative, -1.0, 1.0)
    mean = rng.normal(-3.0, 1.0, shape.size)
    deviation = rng.uniform(0.05, 1.5, shape.size) * shape.deviation
    explores = rng.random(shape.size) < shape.exploring
    worth = Worth(value * sign, -rng.random(shape.size) * 0.05)
    return worth, Beliefs(expit(mean), mean, deviation, explores)


def drawn_frequencies(worth: Worth, beliefs: Beliefs, reserve: float, draws: int, seed: int) -> Column:
    """float64[C + 1]: how often each candidate, then silence, wins when the log-odds are really drawn."""
    rng = np.random.default_rng(seed)
    size = worth.slope.size
    wins = np.zeros(size + 1)
    remaining = draws
    while remaining:
        batch = min(remaining, max(1, 2_000_000 // size))
        log_odds = beliefs.log_odds_mean + beliefs.log_odds_deviation * rng.standard_normal((batch, size))
        propensity = np.where(beliefs.explores, expit(log_odds), beliefs.propensity)
        priority = worth.slope * propensity + worth.offset
        best = priority.argmax(axis=1)
        silent = priority[np.arange(batch), best] < reserve
        wins += np.bincount(np.where(silent, size, best), minlength=size + 1)
        remaining -= batch
    return wins / draws


def total_variation(left: Column, right: Column) -> float:
    return float(np.abs(left - right).sum() / 2)
