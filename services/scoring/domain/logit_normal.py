"""Moments of a probability whose log-odds are Normal: σ(η) with η ~ N(μ, s), by Gauss–Hermite quadrature.

The predictive probability E[σ(η)] is MacKay's moderated output (1992, "The evidence framework applied to
classification networks"). His closed form σ(μ / √(1 + πs/8)) is 40 % too high at μ = -5.5, s = 1, where click rates
live; nine nodes are within 0.2 % there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_PAIRS = tuple(zip(_NODES.tolist(), _WEIGHTS.tolist(), strict=True))
_MAX_LOG_ODDS = 30.0
"""Beyond it a double cannot tell the probability's complement from its rounding."""


def probability_moments(means: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the probability, elementwise, both (n,)."""
    points = means[:, None] + np.sqrt(variances)[:, None] * _NODES
    np.clip(points, -_MAX_LOG_ODDS, _MAX_LOG_ODDS, out=points)
    probabilities = 1.0 / (1.0 + np.exp(-points))
    mean = probabilities @ _WEIGHTS
    probabilities -= mean[:, None]
    return mean, np.sqrt(np.square(probabilities, out=probabilities) @ _WEIGHTS)


@dataclass(frozen=True, slots=True)
class Response:
    """How a binary response hangs on its log-odds η ~ N(μ, s).

    mean: E[y] = E[σ(η)].  slope: E[σ'(η)], and by Stein's lemma Cov(η, y) = s · slope.  complement: 1 - mean, to all
    its digits where the mean is near 1.
    """

    mean: float
    slope: float
    complement: float

    @property
    def variance(self) -> float:
        """Var(y)."""
        return self.mean * self.complement


def response(mean: float, variance: float) -> Response:
    """The same quadrature for one candidate, in plain floats: the learning step takes one at a time."""
    scale = math.sqrt(variance)
    expected = slope = complement = 0.0
    for node, weight in _PAIRS:
        point = min(max(mean + scale * node, -_MAX_LOG_ODDS), _MAX_LOG_ODDS)
        probability, rest = 1.0 / (1.0 + math.exp(-point)), 1.0 / (1.0 + math.exp(point))
        expected += weight * probability
        complement += weight * rest
        slope += weight * probability * rest
    return Response(expected, slope, complement)


def log_odds_of(probability: float, variance: float) -> float:
    """The mean of log-odds of this variance whose expected probability is `probability`: the inverse of `response`."""
    low, high = -_MAX_LOG_ODDS, _MAX_LOG_ODDS
    while high - low > 1e-9:
        middle = (low + high) / 2
        if response(middle, variance).mean < probability:
            low = middle
        else:
            high = middle
    return low
