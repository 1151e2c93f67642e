"""The value of a target policy from a log: IPS, SNIPS and doubly robust, each with its interval.

    w_i = π(a_i | x_i) / p_i    target over logging probability of the action that was logged, within [0, weight_bound]

    IPS    mean of w r                        Horvitz and Thompson 1952
    SNIPS  Σ w r / Σ w                        Swaminathan and Joachims 2015
    DR     mean of q̄ + w (r − q)              Dudík, Langford and Li 2011

Rewards lie in [0, 1]. IPS has intervals that hold at any number of rows (`betting`). So have SNIPS and DR while little
is known; from LEAST_EFFECTIVE_ROWS and LEAST_POSITIVES on, they have narrower ones by empirical likelihood, whose
coverage is the wanted one only where there is much data. With few positives, intervals are wide, never absent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.evaluation.betting import HUGE, Column, Game, bounded_mean_interval, hedged_interval
from services.scoring.domain.evaluation.empirical_likelihood import likelihood_interval
from services.scoring.domain.evaluation.search import DEFAULT_SEARCH, Search

LEAST_EFFECTIVE_ROWS = 2_000.0
LEAST_POSITIVES = 200
_LEAST_EFFECTIVE_POSITIVES = 30.0
"""(Σ w r)² / Σ (w r)²: two hundred positives of which three have all the weight are three."""


@dataclass(frozen=True, slots=True, eq=False)
class LoggedRows:
    """float64[N] each, in the order of the log. Raises ValueError for what cannot be such a log."""

    reward: Column
    logging_probability: Column
    target_probability: Column
    weight_bound: float
    """A bound on target over logging probability that holds for all rows, whatever action had been logged."""

    def __post_init__(self) -> None:
        sizes = {column.size for column in (self.reward, self.logging_probability, self.target_probability)}
        if len(sizes) != 1 or not self.reward.size:
            raise ValueError("the columns of a log have one length, of at least one row")
        if not ((self.reward >= 0.0) & (self.reward <= 1.0)).all():
            raise ValueError("rewards lie in [0, 1]")
        if not ((self.logging_probability > 0.0) & (self.logging_probability <= 1.0)).all():
            raise ValueError("logging probabilities lie in (0, 1]")
        if not (self.weight <= self.weight_bound * (1.0 + 1e-9)).all():
            raise ValueError("a weight exceeds its bound")

    @property
    def weight(self) -> Column:
        return self.target_probability / self.logging_probability

    @property
    def is_plenty(self) -> bool:
        """Whether the laws of large numbers may be relied on."""
        gains = self.weight * self.reward
        return (
            effective_size(self.weight) >= LEAST_EFFECTIVE_ROWS
            and int((gains > 0.0).sum()) >= LEAST_POSITIVES
            and effective_size(gains) >= _LEAST_EFFECTIVE_POSITIVES
        )


def effective_size(weights: Column) -> float:
    """(Σ w)² / Σ w² (Kish 1965)."""
    largest = float(weights.max(initial=0.0))
    shares = weights / largest if largest > HUGE else weights
    squares = float(np.square(shares).sum())
    return float(shares.sum()) ** 2 / squares if squares else 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value per decision, with its interval."""

    mean: float
    low: float
    high: float
    effective_sample_size: float
    """(Σ w)² / Σ w² (Kish 1965): how many rows of the target's own this log is worth."""
    weighted_positives: float
    """Σ w r: how many positives the target would have seen."""


def ips(rows: LoggedRows, search: Search = DEFAULT_SEARCH) -> Estimate:
    """Inverse propensity scoring: unbiased, noisy."""
    terms = rows.weight * rows.reward
    low, high = bounded_mean_interval(terms, 0.0, rows.weight_bound, search)
    return _estimate(rows, float(terms.mean()), min(low, 1.0), min(high, 1.0))


def snips(rows: LoggedRows, search: Search = DEFAULT_SEARCH) -> Estimate:
    """Self-normalised: its interval is the set of values v that the terms w (r − v), of mean zero, do not refute."""
    weight, bound = rows.weight, rows.weight_bound
    total = float(weight.sum())
    if total == 0.0:
        return _estimate(rows, 0.0, 0.0, 1.0)
    mean = float((weight * rows.reward).sum() / total)
    if rows.is_plenty:
        low, high = likelihood_interval(lambda v: weight * (rows.reward - v), mean, (0.0, 1.0), search)
        return _estimate(rows, mean, low, high)
    # If v is the value, w (r − v) has mean zero; it lies within [−v × bound, (1 − v) × bound].
    low, high = hedged_interval(
        lambda v: Game(weight * (rows.reward - v), v * bound, (1.0 - v) * bound), mean, (0.0, 1.0), search
    )
    return _estimate(rows, mean, low, high)


def doubly_robust(
    rows: LoggedRows,
    logged_reward: Column,
    target_reward: Column,
    largest_reward: Column | float = 1.0,
    search: Search = DEFAULT_SEARCH,
) -> Estimate:
    """`logged_reward` q: the reward a model expected of the logged action; `target_reward` q̄: what it expected of the
    target's choice, Σ_a π(a) q(a); `largest_reward`: what it expected of any action at most. float64[N] within [0, 1],
    from a model that did not see the row's own reward. The mean is moved into [0, 1], where every value lies.
    """
    terms = target_reward + rows.weight * (rows.reward - logged_reward)
    if rows.is_plenty:
        centre = float(terms.mean())
        ends = float(terms.min()), float(terms.max())
        low, high = likelihood_interval(lambda v: terms - v, centre, ends, search)
        low, high = min(max(low, 0.0), 1.0), max(min(high, 1.0), 0.0)
        return _estimate(rows, min(max(centre, low), high), low, high)
    lower = float(np.min(target_reward - rows.weight_bound * largest_reward))
    upper = float(np.max(target_reward)) + rows.weight_bound
    low, high = bounded_mean_interval(terms, lower, upper, search)
    low, high = max(low, 0.0), min(high, 1.0)
    return _estimate(rows, min(max(float(terms.mean()), low), high), low, high)


def _estimate(rows: LoggedRows, mean: float, low: float, high: float) -> Estimate:
    weight = rows.weight
    return Estimate(
        mean=mean,
        low=low,
        high=high,
        effective_sample_size=effective_size(weight),
        weighted_positives=float((weight * rows.reward).sum()),
    )
