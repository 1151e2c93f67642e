"""Whether the probabilities of a log can be what they say.

Whatever the policy, E[1 / p] is the number of actions that could be taken, E[1{a} / p] is 1 for each of them, and
E[π / p] is 1 for every policy that only takes what the log might have taken. Where a mean is far from that, the
probabilities are wrong, or not those of the action that was taken, or actions were taken that nobody logged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from services.scoring.domain.evaluation.betting import HUGE, Column
from services.scoring.domain.logs.log import Log

FAR = 4.0
"""Standard errors: by chance once in 16,000."""
FAR_FOR_AN_ACTION = 6.0
"""There are many of them, and few rows of one with a small probability have nearly all of its weight."""
_LEAST_ROWS = 20
_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class Identity:
    """A mean that must be `expected`, with its interval."""

    mean: float
    low: float
    high: float
    expected: float
    deviations: float
    """How many standard errors it is away."""

    @property
    def holds(self) -> bool:
        return abs(self.deviations) < FAR


@dataclass(frozen=True, slots=True)
class WorstAction:
    action: str
    identity: Identity


def mean_weight(weight: Column, confidence: float = 0.95) -> Identity:
    """E[π / p] = 1."""
    return _identity(weight, 1.0, confidence)


def inverse_probabilities(probability: Column, eligible_count: Column, confidence: float = 0.95) -> Identity:
    """E[1 / p] = the number of eligible actions, on average."""
    found = _identity(1.0 / probability - eligible_count, 0.0, confidence)
    count = float(eligible_count.mean())
    return Identity(found.mean + count, found.low + count, found.high + count, count, found.deviations)


def worst_action(log: Log) -> WorstAction | None:
    """The action whose E[1{a} / p] is farthest from 1; None where none was taken often enough to tell."""
    assert log.probability is not None
    counts = np.bincount(log.action, minlength=len(log.actions))
    possible = log.could_be_taken()
    tried = np.flatnonzero(counts >= _LEAST_ROWS)
    found = [
        WorstAction(log.actions[a], _identity(((log.action == a) / log.probability)[possible[:, a]], 1.0))
        for a in tried.tolist()
    ]
    return max(found, key=lambda each: abs(each.identity.deviations), default=None)


def _identity(terms: Column, expected: float, confidence: float = 0.95) -> Identity:
    largest = float(np.abs(terms).max())
    unit = largest if largest > HUGE else 1.0
    mean, error = float(terms.mean()), unit * float((terms / unit).std()) / terms.size**0.5
    away = mean - expected
    if abs(away) <= _EXACT * max(abs(expected), 1.0):
        away = 0.0
    deviations = 0.0 if not away else away / error if error > 0.0 else float(np.inf)
    reach = float(special.ndtri((1.0 + confidence) / 2)) * error
    return Identity(mean, mean - reach, mean + reach, expected, deviations)
