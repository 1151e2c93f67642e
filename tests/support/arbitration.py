"""Random fields of candidates, and the slow ways to what the quadrature computes: drawing, and one integral each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import simpson
from scipy.special import expit, ndtr

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.exploration import Exploration, Exploring
from services.orchestrator.domain.arbitration.worth import Worth

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a random field looks: its size, how far values and deviations spread, which share is believed in without
    doubt or loses money, and where the log-odds lie."""

    size: int
    value_spread: float = 1.0
    deviation: float = 1.0
    exploring: float = 1.0
    negative: float = 0.0
    log_odds: float = -3.0


def random_field(shape: Shape, seed: int) -> tuple[Worth, Beliefs]:
    rng = np.random.default_rng(seed)
    value = np.exp(rng.normal(0.0, shape.value_spread, shape.size))
    sign = np.where(rng.random(shape.size) < shape.negative, -1.0, 1.0)
    mean = rng.normal(shape.log_odds, 1.0, shape.size)
    deviation = rng.uniform(0.05, 1.5, shape.size) * shape.deviation
    explores = rng.random(shape.size) < shape.exploring
    worth = Worth(value * sign, -rng.random(shape.size) * 0.05)
    return worth, Beliefs(expit(mean), mean, deviation, explores)


def exploring(
    size: int, exploration: Exploration | None = None, *, budget: float = 1.0, channels: Sequence[int] = ()
) -> Exploring:
    """The same for every row: Thompson sampling unless said otherwise."""
    return Exploring(
        (exploration or Exploration(),),
        np.zeros(size, dtype=np.int32),
        np.array(channels or [0] * size, dtype=np.int32),
        np.full(1 + max(channels, default=0), budget),
    )


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


def integrated(worth: Worth, beliefs: Beliefs, reserve: float, points: int = 1_601) -> Column:
    """float64[C + 1]: the same by the definition, one integral after the other: ∫ φ(t) Π_{j≠i} F_j(priority_i(t)) dt.

    Everything moves: no candidate is a constant. Errs by about 1e-4.
    """
    size = worth.slope.size
    wins = np.zeros(size + 1)
    sign = np.sign(worth.slope)
    for row in range(size):
        edge = float(_deviations(worth, beliefs, np.array([reserve]))[row, 0])
        first, last = (edge, 9.0) if sign[row] > 0 else (-9.0, edge)
        t = np.linspace(first, last, points)
        odds = beliefs.log_odds_mean[row] + beliefs.log_odds_deviation[row] * t
        below = ndtr(sign[:, None] * _deviations(worth, beliefs, worth.slope[row] * expit(odds) + worth.offset[row]))
        below[row] = np.exp(-t * t / 2.0) / np.sqrt(2.0 * np.pi)
        wins[row] = simpson(below.prod(axis=0), x=t) if first < last else 0.0
    wins[-1] = max(0.0, 1.0 - wins.sum())
    return wins


def _deviations(worth: Worth, beliefs: Beliefs, priority: Column) -> NDArray[np.float64]:
    """float64[C, N]: how many deviations from its mean each candidate's log-odds are where it has these priorities."""
    share = np.clip((priority - worth.offset[:, None]) / worth.slope[:, None], 1e-300, 1.0 - 1e-16)
    odds = np.log(share) - np.log1p(-share)
    result: NDArray[np.float64] = (odds - beliefs.log_odds_mean[:, None]) / beliefs.log_odds_deviation[:, None]
    return np.clip(result, -9.0, 9.0)


def total_variation(left: Column, right: Column) -> float:
    return float(np.abs(left - right).sum() / 2)
