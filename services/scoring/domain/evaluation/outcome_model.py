"""What a model expects of every action of every row, from rows that are not the row: cross-fitting (Chernozhukov et
al. 2018). FOLDS parts are drawn; each is predicted by a model of the others.

The model is the base model; where that is only a rate, the rate of each action, drawn towards that of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.columns import Predicted
from services.scoring.domain.evaluation.policies import Policy
from services.scoring.domain.evaluation.refusal import OTHER_ACTIONS_UNKNOWN, Refusal
from services.scoring.domain.logs.log import Log
from services.scoring.domain.training.base_model import learn_base
from services.scoring.domain.training.forest_learner import ForestLearner
from services.scoring.domain.training.taught_forest import probability

Matrix = NDArray[np.float64]

FOLDS = 5
_SHRINK_POSITIVES = 5.0
"""An action's own rate counts as much as that of all once it could have had so many positives."""


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """float64[N, K] within [0, 1], and int[N]: whose part a row is."""

    outcome: Matrix
    fold: NDArray[np.intp]

    def of(self, log: Log, policy: Policy) -> Predicted | Refusal:
        """What is expected of the policy's choices, and of what was logged."""
        if policy.all_actions is None:
            return OTHER_ACTIONS_UNKNOWN
        return Predicted(
            logged=self.outcome[np.arange(len(log)), log.action],
            target=np.asarray((policy.all_actions * self.outcome).sum(axis=1), np.float64),
            largest=self.outcome.max(axis=1),
            part=self.fold,
        )


def cross_fitted(log: Log, learner: ForestLearner, seed: int) -> Expected:
    """At least FOLDS rows."""
    fold = np.random.default_rng(seed).permutation(np.arange(len(log)) % FOLDS)
    outcome = np.empty((len(log), len(log.actions)))
    for part in range(FOLDS):
        others, own = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        outcome[own] = _expected(log.take(others), log.take(own), learner, seed)
    return Expected(outcome, fold)


def _expected(others: Log, own: Log, learner: ForestLearner, seed: int) -> Matrix:
    base = learn_base(others, learner, seed)
    if base.forest is None:
        return np.broadcast_to(_rates(others), (len(own), len(own.actions)))
    every = base.log_odds_of_all(own)
    return probability(every.ravel()).reshape(every.shape)


def _rates(log: Log) -> Column:
    """float64[K]."""
    rate = (float(log.outcome.sum()) + 0.5) / (len(log) + 1.0)
    prior = _SHRINK_POSITIVES / rate
    shown = np.bincount(log.action, minlength=len(log.actions))
    gained = np.bincount(log.action, log.outcome, minlength=len(log.actions))
    return np.asarray((gained + prior * rate) / (shown + prior), np.float64)
