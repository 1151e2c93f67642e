"""Confidence intervals by empirical likelihood, for what is the root of a mean: Σ g_i(v) = 0.

Owen (1988, 1990): of all ways to give the rows other weights, the likeliest under which the terms have mean zero; v is
kept while -2 log of its likelihood ratio, 2 Σ log(1 + λ g_i(v)), stays below the χ² quantile of one degree of freedom.
Karampatziakis, Langford and Mineiro (2020, "Empirical likelihood for contextual bandits") use it for the values of
policies. It follows the skewness of the terms, as an interval symmetric about its estimate does not, and its coverage
is near the one that is wanted rather than above it; that holds for many rows, not for few: see `estimators`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.search import DEFAULT_SEARCH, Search

_STEPS = 60
_BISECTIONS = 50
_TINY = 1e-300


def likelihood_interval(
    question: Callable[[float], Column],
    centre: float,
    ends: tuple[float, float],
    search: Search = DEFAULT_SEARCH,
) -> tuple[float, float]:
    """The values between `ends` and around `centre` that are not refuted. `question(v)`: float64[N], of mean zero
    where v is true, and of mean zero in the rows at hand for v = `centre`."""
    # Student's quantile squared in place of χ²: the variance is estimated from the same rows (Owen 2001, §3.3).
    rows = question(centre).size
    limit = float(special.stdtrit(max(rows - 1, 1), (1.0 + search.confidence) / 2)) ** 2

    def is_kept(value: float) -> bool:
        search.step()
        return log_ratio(question(value)) <= limit

    return _edge(is_kept, centre, ends[0]), _edge(is_kept, centre, ends[1])


def log_ratio(terms: Column) -> float:
    """-2 log of the empirical likelihood ratio of "the mean is zero"; infinite where no weights make it so."""
    largest, smallest = float(terms.max()), float(terms.min())
    if largest <= 0.0 or smallest >= 0.0:
        return 0.0 if largest == smallest == 0.0 else np.inf
    # λ is the root of Σ g / (1 + λ g), which falls between the two poles: Newton, kept inside a bracket that shrinks.
    low, high = -1.0 / largest, -1.0 / smallest
    low, high = low * (1.0 - 1e-12), high * (1.0 - 1e-12)
    at = 0.0
    for _ in range(_STEPS):
        scaled = terms / (1.0 + at * terms)
        slope = float(scaled.sum())
        low, high = (at, high) if slope > 0.0 else (low, at)
        step = at + slope / max(float((scaled * scaled).sum()), _TINY)
        following = step if low < step < high else (low + high) / 2
        if abs(following - at) <= 1e-10 * (abs(at) + 1e-12):
            break
        at = following
    return 2.0 * float(np.log1p(at * terms).sum())


def _edge(is_kept: Callable[[float], bool], kept: float, outer: float) -> float:
    if is_kept(outer):
        return outer
    refused = outer
    for _ in range(_BISECTIONS):
        middle = (kept + refused) / 2
        if is_kept(middle):
            kept = middle
        else:
            refused = middle
        if abs(refused - kept) <= 1e-7 * max(abs(refused), _TINY):
            break
    return refused
