"""Policies to evaluate on a log: with which probability each would have taken what was taken.

taken          float64[N]     of the action that was taken
all_actions    float64[N, K]  of every action; None where the log only tells `taken`
weight_bound   float          what taken / probability could have been at most in any row, whatever had been taken
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.columns import LoggedColumns
from services.scoring.domain.logs.log import Log, Rows

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """The arrays drawn above."""

    taken: Column
    weight_bound: float
    all_actions: Matrix | None = None

    def take(self, rows: Rows | slice) -> Policy:
        every = None if self.all_actions is None else self.all_actions[rows]
        return Policy(self.taken[rows], self.weight_bound, every)


def logged(columns: LoggedColumns) -> Policy:
    """What was done."""
    return Policy(columns.probability, 1.0)


def uniform(log: Log) -> Policy:
    """Every eligible action alike."""
    every = log.could_be_taken() / log.eligible_count[:, None]
    is_complete = bool(np.allclose(every.sum(axis=1), 1.0))  # a count may be of more actions than the log names
    taken = 1.0 / log.eligible_count
    return Policy(taken, _bound(log, taken), every if is_complete else None)


def single(log: Log, action: int) -> Policy:
    """Always one action; any eligible one where it is not."""
    possible = log.could_be_taken()
    every = np.where(possible[:, [action]], 0.0, possible / possible.sum(axis=1, keepdims=True))
    every[possible[:, action], action] = 1.0
    return of_matrix(log, every)


def of_matrix(log: Log, every: Matrix) -> Policy:
    """Known for all actions."""
    return Policy(every[np.arange(len(log)), log.action], _bound(log, every.max(axis=1)), every)


def of_column(columns: LoggedColumns, taken: Column, largest: Column | None = None) -> Policy:
    """Known only for the action that was taken. Without `largest`, its largest probability of any action, what it could
    have been for another is taken from the other rows."""
    if largest is None:  # a policy that takes nothing of the log takes something else
        largest = np.full(len(columns), float(taken.max()) or 1.0)
    return Policy(taken, columns.weight_bound(largest))


def best_action(log: Log) -> int:
    """The one with the highest self-normalised reward, ten average rows added to each; of equals the first."""
    assert log.probability is not None
    weight = 1.0 / log.probability
    rate = float((weight * log.outcome).sum() / weight.sum())
    prior = 10.0 * float(weight.mean())
    total = np.bincount(log.action, weight, minlength=len(log.actions))
    gained = np.bincount(log.action, weight * log.outcome, minlength=len(log.actions))
    return int(np.argmax((gained + prior * rate) / (total + prior)))


def _bound(log: Log, largest: Column) -> float:
    return LoggedColumns.of(log).weight_bound(largest)
