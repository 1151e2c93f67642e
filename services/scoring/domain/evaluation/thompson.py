"""With which probability Thompson sampling takes each action: the chance that its draw is the largest.

For independent normal draws, P(i) = ∫ φ_i(z) Π_{j ≠ i} Φ_j(z) dz, on a grid of points per row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Matrix = NDArray[np.float64]

_POINTS = 129
_REACH = 6.0
_ROWS = 256
_LEAST_SHARE = 1 / 24
"""Of the span of the grid: a deviation below it would fall between two points."""


def choice_probabilities(mean: Matrix, variance: Matrix) -> Matrix:
    """float64[N, K] each; NaN means that an action could not be taken: it has probability 0. Rows sum to 1."""
    parts = [_of(mean[at : at + _ROWS], variance[at : at + _ROWS]) for at in range(0, len(mean), _ROWS)]
    return np.concatenate(parts)


def _of(mean: Matrix, variance: Matrix) -> Matrix:
    possible = ~np.isnan(mean)
    centre = np.where(possible, mean, -np.inf)
    deviation = np.where(possible, np.sqrt(np.maximum(variance, 1e-12)), 1.0)
    best = centre.max(axis=1, keepdims=True)
    high = (centre + _REACH * deviation).max(axis=1, keepdims=True)
    # Below the lowest draw of any one action, the largest draw is not.
    low = np.minimum((centre - _REACH * deviation).max(axis=1, keepdims=True), best - 1e-9)
    deviation = np.maximum(deviation, (high - low) * _LEAST_SHARE)
    points = low + (high - low) * np.linspace(0.0, 1.0, _POINTS)
    away = (points[:, None, :] - np.where(possible, centre, 0.0)[:, :, None]) / deviation[:, :, None]
    below = np.where(possible[:, :, None], special.log_ndtr(away), 0.0)
    density = np.exp(-0.5 * away * away + below.sum(axis=1, keepdims=True) - below) / deviation[:, :, None]
    mass = np.where(possible, density.sum(axis=2), 0.0)
    return np.asarray(mass / mass.sum(axis=1, keepdims=True), np.float64)
