"""Confidence intervals for a mean of bounded terms, valid at any sample size, also when every term is zero.

Hedged capital of Waudby-Smith and Ramdas (2023), "Estimating means of bounded random variables by betting", §4: a
gambler bets against "the mean is m" with stakes that depend on the past alone. Were m the mean, the gambler's capital
would exceed 1/α with probability at most α (Ville 1939), so the interval keeps every m at which it does not. Narrower
than the empirical Bernstein interval of Maurer and Pontil (2009), above all where the terms are mostly zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

_LARGEST_BET = 0.75
"""Share of the capital at stake at most: the bound "c" of the paper, §4.3."""
_BISECTIONS = 40


def bounded_mean_interval(terms: Column, lower: float, upper: float, confidence: float = 0.95) -> tuple[float, float]:
    """An interval for the mean of `terms`, float64[N], which are known to lie within [lower, upper].

    The terms are independent given the past, in the order they were drawn.
    """
    unit = (terms - lower) / (upper - lower)
    low, high = hedged_interval(lambda mean: (unit, mean), float(unit.mean()), confidence)
    return lower + low * (upper - lower), lower + high * (upper - lower)


def hedged_interval(
    question: Callable[[float], tuple[Column, float]], centre: float, confidence: float
) -> tuple[float, float]:
    """The values in [0, 1] around `centre` that the betting does not refute.

    `question(value)` answers terms within [0, 1] and the mean they would have if `value` were the truth.
    """

    def is_refuted(value: float) -> bool:
        terms, mean = question(value)
        return log_capital(terms, mean, confidence) >= -math.log(1.0 - confidence)

    return _edge(is_refuted, centre, 0.0), _edge(is_refuted, centre, 1.0)


def log_capital(terms: Column, mean: float, confidence: float) -> float:
    """log of the hedged capital after betting against "the mean of these terms, float64[N] in [0, 1], is `mean`"."""
    stakes = _stakes(terms, 1.0 - confidence)
    gains = terms - mean
    above = np.log1p(np.minimum(stakes, _LARGEST_BET / max(mean, 1e-300)) * gains).sum()
    below = np.log1p(-np.minimum(stakes, _LARGEST_BET / max(1.0 - mean, 1e-300)) * gains).sum()
    return float(np.logaddexp(above, below) - np.log(2.0))


def _stakes(terms: Column, alpha: float) -> Column:
    """float64[N]: what to bet on each term, from the variance of those before it (§3.2, fixed sample size)."""
    count = np.arange(1, terms.size + 1)
    mean = (0.5 + np.cumsum(terms)) / (count + 1)
    variance = (0.25 + np.cumsum((terms - mean) ** 2)) / (count + 1)
    before = np.concatenate(([0.25], variance[:-1]))
    stakes: Column = np.sqrt(2.0 * np.log(2.0 / alpha) / (terms.size * before))
    return stakes


def _edge(is_refuted: Callable[[float], bool], kept: float, outer: float) -> float:
    """Between a value that is kept and the end of the range: where refutation begins, rounded outwards."""
    if not is_refuted(outer):
        return outer
    refuted = outer
    for _ in range(_BISECTIONS):
        middle = (kept + refuted) / 2
        if is_refuted(middle):
            refuted = middle
        else:
            kept = middle
    return refuted
