"""Choice probabilities of Thompson sampling, by quadrature instead of sampling.

Thompson sampling (Thompson 1933; Agrawal and Goyal 2013) draws the log-odds z of every exploring candidate from its
posterior Normal(mean, deviation), and takes the candidate of the highest priority. The probability that i is taken is

    P_i = ∫ Π_{j≠i} F_j(x) dF_i(x)         F_j(x) = P(priority of j ≤ x)

A priority rises or falls with z, so each F is a normal distribution function of a known argument. Candidates that do
not explore, and silence, are constants: only the highest of them, the *floor*, can win, and it wins when all exploring
candidates stay below it. The grid therefore begins at the floor:

    x     float64[G]     priorities, rising, x[0] = floor
    log_f float64[K, G]  log F_i(x_g) of the K exploring candidates

Within a cell of the grid the rise of Π F is shared in proportion to the rises of log F_i, since
d ΠF = ΠF Σ_i d log F_i. The shares add up exactly, whatever the grid.

Of a crowd only those are integrated who can matter: a *front* of the highest gives a priority below which the maximum
hardly ever is, and who hardly ever exceeds that one has the probability 0 (.0001 in all, at most).

The vector is less than .005 in total variation from the exact one (greatest of 4,000 random fields against a hundred
times the points: .0031, where deviations reach 6; .0011 for 99 % of them).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_ndtr

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.worth import Column, Worth

_LEVELS = np.linspace(-6.0, 6.0, 25)
_COARSE_POINTS = 32
_FINE_POINTS = 64
_WIDE_FIELD = 512
"""From this many exploring candidates on, half the points do: the maximum of many is narrow."""
_LEAST_DEVIATION = 1e-9
_CROWD = 128
_FRONT = 64
_FRONT_LEVEL = 2.0
_HARDLY_EVER = 1e-6
_FAR = 5.2
"""Deviations; who needs more of them has a probability of at most 1e-7."""


@dataclass(frozen=True, slots=True)
class Thompson:
    def probabilities(self, contenders: Contenders) -> Column:
        return choice_probabilities(contenders.worth, contenders.beliefs, contenders.reserve)


def choice_probabilities(worth: Worth, beliefs: Beliefs, reserve: float) -> Column:
    """float64[C + 1]: the probability of each candidate, then of silence, which is worth `reserve`.

    Candidates that do not explore compete with their mean priority. Among equal constants the first wins, and any
    candidate before silence. Worths must be finite.
    """
    moving = beliefs.explores & (beliefs.log_odds_deviation > _LEAST_DEVIATION) & (worth.slope != 0.0)
    fixed = np.where(moving, -np.inf, worth.at(beliefs.propensity))
    best = int(fixed.argmax()) if fixed.size else -1
    winner = best if best >= 0 and fixed[best] >= reserve else fixed.size
    probabilities = np.zeros(fixed.size + 1)
    floor = float(fixed[winner]) if winner < fixed.size else reserve
    rows = np.flatnonzero(moving)
    sampled = _Sampled.of(worth.take(rows), beliefs.take(rows))
    if rows.size > _CROWD:
        near = np.flatnonzero(_near(sampled, floor))
        rows, sampled = rows[near], sampled.take(near)
    if not rows.size:
        probabilities[winner] = 1.0
        return probabilities
    shares = _shares(sampled, floor)
    probabilities[rows] = shares[:-1]
    probabilities[winner] += shares[-1]
    probabilities /= probabilities.sum()
    return probabilities


@dataclass(frozen=True, slots=True, eq=False)
class _Sampled:
    """Priorities as scale × σ(z) + shift with scale > 0; a falling line is mirrored: p × s = −s × (1 − p) + s."""

    scale: Column
    shift: Column
    mean: Column
    deviation: Column

    @classmethod
    def of(cls, worth: Worth, beliefs: Beliefs) -> _Sampled:
        falling = worth.slope < 0.0
        return cls(
            np.abs(worth.slope),
            worth.offset + np.where(falling, worth.slope, 0.0),
            np.where(falling, -beliefs.log_odds_mean, beliefs.log_odds_mean),
            beliefs.log_odds_deviation,
        )

    def take(self, rows: NDArray[np.intp]) -> _Sampled:
        return _Sampled(self.scale[rows], self.shift[rows], self.mean[rows], self.deviation[rows])

    def quantiles(self, levels: Column) -> NDArray[np.float64]:
        """float64[K, Q]: priorities at z = mean + level × deviation."""
        odds = self.mean[:, None] + self.deviation[:, None] * levels
        result: NDArray[np.float64] = self.scale[:, None] * expit(odds) + self.shift[:, None]
        return result

    def log_cdf(self, x: Column) -> NDArray[np.float64]:
        """float64[K, G]: log F at priorities x; finite everywhere, hugely negative where F is 0."""
        result: NDArray[np.float64] = log_ndtr(self.levels(x))
        return result

    def levels(self, x: Column) -> NDArray[np.float64]:
        """float64[K, G]: how many deviations above its mean each is where it has these priorities."""
        share = (x - self.shift[:, None]) / self.scale[:, None]
        np.clip(share, 1e-300, 1.0 - 1e-16, out=share)
        odds = np.log(share) - np.log1p(-share)
        result: NDArray[np.float64] = (odds - self.mean[:, None]) / self.deviation[:, None]
        return result


def _near(sampled: _Sampled, floor: float) -> NDArray[np.bool_]:
    """bool[K]: who exceeds often enough what the maximum exceeds nearly always."""
    upper = sampled.quantiles(np.array([_FRONT_LEVEL]))[:, 0]
    front = sampled.take(np.argpartition(upper, -_FRONT)[-_FRONT:])
    grid = _coarse_grid(front, floor, _COARSE_POINTS)
    below = int(np.searchsorted(np.exp(front.log_cdf(grid).sum(axis=0)), _HARDLY_EVER, side="right"))
    edge = grid[max(0, below - 1)]
    near: NDArray[np.bool_] = sampled.levels(np.array([edge]))[:, 0] < _FAR
    return near


def _shares(sampled: _Sampled, floor: float) -> Column:
    """float64[K + 1]: the probability of each exploring candidate, then that none exceeds the floor."""
    halving = 2 if sampled.scale.size >= _WIDE_FIELD else 1
    coarse = _coarse_grid(sampled, floor, _COARSE_POINTS // halving)
    log_coarse = sampled.log_cdf(coarse)
    fine = _fine_grid(coarse, log_coarse, _FINE_POINTS // halving)
    log_f = np.concatenate((log_coarse, sampled.log_cdf(fine)), axis=1)
    return _integrate(log_f[:, np.argsort(np.concatenate((coarse, fine)), kind="stable")])


def _coarse_grid(sampled: _Sampled, floor: float, points: int) -> Column:
    """The floor, then where the candidates' own quantiles lie above what the maximum surely exceeds."""
    quantiles = sampled.quantiles(_LEVELS)
    least = max(floor, float(quantiles[:, 0].max()))
    above = np.sort(quantiles[quantiles > least])
    if not above.size:
        return np.array([floor, least]) if least > floor else np.array([floor])
    ranks = np.linspace(0, above.size - 1, points - 2).astype(np.intp)
    return np.unique(np.concatenate(([floor, least], above[ranks])))


def _fine_grid(coarse: Column, log_f: NDArray[np.float64], points: int) -> Column:
    """Points at equal steps of the distribution of the maximum."""
    product = np.exp(log_f.sum(axis=0))
    steps = np.linspace(product[0], product[-1], points + 2)[1:-1]
    return np.interp(steps, product, coarse)


def _integrate(log_f: NDArray[np.float64]) -> Column:
    log_product = log_f.sum(axis=0)
    product = np.exp(log_product)
    rise, log_rise = np.diff(product), np.diff(log_product)
    weight = np.divide(rise, log_rise, out=np.zeros_like(rise), where=log_rise > 0.0)
    # Σ_g weight_g × (log_f[g+1] − log_f[g]), summed by parts so that one matrix product does it.
    by_point = np.zeros(product.size)
    by_point[1:] += weight
    by_point[:-1] -= weight
    return np.append(np.maximum(log_f @ by_point, 0.0), product[0])
