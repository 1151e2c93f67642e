"""Predict some rows, then learn them, through the log in order (Dawid 1984; Gama, Sebastião and Rodrigues 2013).

whole         the base learnt anew whenever its rows have grown by a quarter, the online layer after each batch
base_frozen   the base as it was at the split, and nothing after it

Both are judged on the rows after the split; the whole model also on all rows, the very first included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.prediction_quality import Quality, auc, log_loss, quality
from services.scoring.domain.logs.log import Log
from services.scoring.domain.training.base_model import learn_base
from services.scoring.domain.training.forest_learner import ForestLearner
from services.scoring.domain.training.tandem_model import TandemModel, learn_model, untaught_model
from services.scoring.domain.training.taught_forest import probability

FIRST_FIT = 1_000
GROWTH = 1.25
_RESAMPLES = 400
_NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Difference:
    """Of the whole model to the frozen base, row by row, with its 95 % interval; above zero the whole is better."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Window:
    """Rows from `start` on, counted from 0."""

    start: int
    whole: Quality
    base_frozen: Quality | None
    """None before the split."""


@dataclass(frozen=True, slots=True, eq=False)
class Prequential:
    split: int
    whole: Quality
    base_frozen: Quality
    from_the_start: Quality
    log_loss_saved: Difference
    auc_gained: Difference
    windows: tuple[Window, ...]
    base_rounds: int
    """Trees of the frozen base; 0 where it is the rate alone."""
    refits: int
    predicted: Column
    frozen_predicted: Column


@dataclass(frozen=True, slots=True)
class Walk:
    """`batch` rows are predicted before they are learnt; `told` hears how many are done."""

    batch: int
    split: int
    window: int
    seed: int
    told: Callable[[int], None] = lambda _: None


def prequential(log: Log, learner: ForestLearner, walk: Walk) -> Prequential:
    predicted, refits = _walked(log, learner, walk)
    base = learn_base(log.take(slice(0, walk.split)), learner, walk.seed)
    frozen = probability(base.log_odds(log.take(slice(walk.split, None))))
    rest, outcome = predicted[walk.split :], log.outcome
    later = outcome[walk.split :]
    return Prequential(
        split=walk.split,
        whole=quality(rest, later),
        base_frozen=quality(frozen, later),
        from_the_start=quality(predicted, outcome),
        log_loss_saved=mean_difference(log_loss(frozen, later) - log_loss(rest, later)),
        auc_gained=auc_difference(rest, frozen, later, walk.seed),
        windows=_windows(predicted, frozen, outcome, walk),
        base_rounds=base.rounds,
        refits=refits,
        predicted=predicted,
        frozen_predicted=frozen,
    )


def _walked(log: Log, learner: ForestLearner, walk: Walk) -> tuple[Column, int]:
    predicted = np.empty(len(log))
    model, due, refits = untaught_model(log), float(FIRST_FIT), 0
    for start in range(0, len(log), walk.batch):
        rows = slice(start, start + walk.batch)
        batch = log.take(rows)
        predicted[rows], _ = model.predict(batch)
        end = start + len(batch)
        model, due, refits = _learnt(model, log, learner, walk, slice(start, end), due, refits)
        walk.told(end)
    return predicted, refits


def _learnt(
    model: TandemModel, log: Log, learner: ForestLearner, walk: Walk, rows: slice, due: float, refits: int
) -> tuple[TandemModel, float, int]:
    if rows.stop < due or rows.stop == len(log):
        model.learn(log.take(rows))
        return model, due, refits
    return learn_model(log.take(slice(0, rows.stop)), learner, walk.seed), rows.stop * GROWTH, refits + 1


def mean_difference(differences: Column) -> Difference:
    mean, error = float(differences.mean()), float(differences.std(ddof=1)) / differences.size**0.5
    return Difference(mean, mean - _NORMAL_95 * error, mean + _NORMAL_95 * error)


def auc_difference(better: Column, worse: Column, outcome: Column, seed: int) -> Difference:
    """Both over the same resampled rows (Efron and Tibshirani 1993, §13.3)."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(_RESAMPLES):
        rows = rng.integers(outcome.size, size=outcome.size)
        found.append(auc(better[rows], outcome[rows]) - auc(worse[rows], outcome[rows]))
    low, high = np.nanquantile(found, [0.025, 0.975]) if np.isfinite(found).any() else (np.nan, np.nan)
    return Difference(auc(better, outcome) - auc(worse, outcome), float(low), float(high))


def _windows(predicted: Column, frozen: Column, outcome: Column, walk: Walk) -> tuple[Window, ...]:
    if not walk.window:
        return ()
    found = []
    for start in range(0, outcome.size, walk.window):
        rows = slice(start, start + walk.window)
        after = slice(start - walk.split, start - walk.split + walk.window)
        old = quality(frozen[after], outcome[rows]) if start >= walk.split else None
        found.append(Window(start, quality(predicted[rows], outcome[rows]), old))
    return tuple(found)
