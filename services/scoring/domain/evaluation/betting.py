"""Confidence intervals for a mean of bounded terms, valid at any sample size, also when every term is zero.

Hedged capital of Waudby-Smith and Ramdas (2023), "Estimating means of bounded random variables by betting", §4: a
gambler bets against "the mean is m" with stakes that depend on the past alone. Were m the mean, the gambler's capital
would exceed 1/α with probability at most α (Ville 1939), so the interval keeps every m at which it does not. Narrower
than the empirical Bernstein interval of Maurer and Pontil (2009), above all where the terms are mostly zero.

A stake must only never risk more than the capital, so what counts is how far a term can stray: a target policy that
spreads its choices has small weights, and its interval is as narrow as that deserves, whatever the largest weight
another policy could have had. The bound is one for all terms. How far the term of one row can stray depends on who the
row was about, and so does what it is on average: stakes that knew the one would bet with a bias on the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.evaluation.search import DEFAULT_SEARCH, Search

Column = NDArray[np.float64]

_LARGEST_BET = 0.75
"""Share of the capital at stake at most: the bound "c" of the paper, §4.3."""
_BISECTIONS = 40
_TINY = 1e-300
HUGE = 1e100
"""Squares of what is larger might be no numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Game:
    """`terms` float64[N], whose mean is zero if what is bet against is true, each within [-below, above]."""

    terms: Column
    below: float
    above: float


def bounded_mean_interval(
    terms: Column, lower: float, upper: float, search: Search = DEFAULT_SEARCH
) -> tuple[float, float]:
    """An interval for the mean of `terms`, float64[N], each of which is known to lie within [lower, upper].

    The terms are independent given the past, in the order they were drawn, and have one mean.
    """
    centre = min(max(float(terms.mean()), lower), upper)
    return hedged_interval(lambda mean: Game(terms - mean, mean - lower, upper - mean), centre, (lower, upper), search)


def hedged_interval(
    question: Callable[[float], Game], centre: float, ends: tuple[float, float], search: Search = DEFAULT_SEARCH
) -> tuple[float, float]:
    """The values between `ends` and around `centre` that the betting does not refute. All of them where it refutes the
    centre: then the terms do not have one mean, and their order says nothing of it."""

    def is_refuted(value: float) -> bool:
        search.step()
        return log_capital(question(value), search.confidence) >= -math.log(1.0 - search.confidence)

    if is_refuted(centre):
        return ends
    return _edge(is_refuted, centre, ends[0]), _edge(is_refuted, centre, ends[1])


def log_capital(game: Game, confidence: float) -> float:
    """log of the hedged capital after betting that the terms are not of mean zero. The same in any unit."""
    unit = max(game.below, game.above)
    if unit > HUGE:
        game = Game(game.terms / unit, game.below / unit, game.above / unit)
    stakes = _stakes(game, 1.0 - confidence)
    up = np.log1p(np.minimum(stakes, _LARGEST_BET / max(game.below, _TINY)) * game.terms).sum()
    down = np.log1p(-np.minimum(stakes, _LARGEST_BET / max(game.above, _TINY)) * game.terms).sum()
    return float(np.logaddexp(up, down) - np.log(2.0))


def _stakes(game: Game, alpha: float) -> Column:
    """float64[N]: what to bet on each term, from the variance of those before it (§3.2, fixed sample size)."""
    terms = game.terms
    first = (game.below + game.above) ** 2 / 4
    count = np.arange(1, terms.size + 1)
    mean = np.cumsum(terms) / (count + 1)
    variance = (first + np.cumsum((terms - mean) ** 2)) / (count + 1)
    before = np.concatenate(([first], variance[:-1]))
    with np.errstate(divide="ignore"):  # no variance yet: all that may be staked
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
