"""A calibrated forest, where it earns its place.

    teach       grows the trees
    stop        says after how many of them the loss is least
    calibrate   fits the calibration, and says whether the forest is better than the rate: by more than chance gives

Each part is later than the one before it, or two of them are the same where there are too few rows to part them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.evaluation.prediction_quality import log_loss
from services.scoring.domain.logs.log import Column
from services.scoring.domain.training.calibration import Calibration, calibrated
from services.scoring.domain.training.forest_learner import (
    Course,
    Examples,
    Forest,
    ForestLearner,
    ForestSettings,
    Matrix,
)

LEAST_POSITIVES = 20
"""Among the rows that teach: a forest from fewer is noise."""
LEAST_HELD_OUT = 5
_SURE = 1.0
"""Standard errors by which a forest must beat the rate."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """matrix float64[N, F], outcome float64[N] within [0, 1]."""

    matrix: Matrix
    outcome: Column


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """The parts drawn above, and what their columns are: see ForestSettings."""

    teach: Part
    stop: Part
    calibrate: Part
    categorical: tuple[int, ...]
    monotone: tuple[int, ...]
    interactions: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TaughtForest:
    forest: Forest
    calibration: Calibration

    def log_odds(self, matrix: Matrix) -> Column:
        """float64[N]."""
        return self.calibration(self.forest.log_odds(matrix))


def is_enough(teach: Column, later: Column) -> bool:
    """Of outcomes, to try a forest at all."""
    positives, held_out = int((teach > 0.0).sum()), int((later > 0.0).sum())
    return min(positives, teach.size - positives) >= LEAST_POSITIVES and held_out >= LEAST_HELD_OUT


def taught_forest(lesson: Lesson, learner: ForestLearner, seed: int, course: Course) -> TaughtForest | None:
    """None where the rate of the rows that teach is as good. Needs a lesson that is enough."""
    teach, stop, calibrate = lesson.teach, lesson.stop, lesson.calibrate
    examples = Examples(teach.matrix, teach.outcome, stop.matrix, stop.outcome)
    forest = learner.learn(examples, _settings(lesson, seed), course)
    raw = forest.log_odds(calibrate.matrix)
    if not _is_better(raw, calibrate.outcome, rate_log_odds(teach.outcome)):
        return None
    return TaughtForest(forest, calibrated(raw, calibrate.outcome))


def rate_log_odds(outcome: Column) -> float:
    """Of the share of positives, with half a positive and half a negative more (Jeffreys)."""
    rate = (float(outcome.sum()) + 0.5) / (outcome.size + 1.0)
    return float(np.log(rate / (1.0 - rate)))


def probability(log_odds: Column) -> Column:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))), np.float64)


def _settings(lesson: Lesson, seed: int) -> ForestSettings:
    """Leaves so large that each holds some of the rarer outcome."""
    outcome = lesson.teach.outcome
    positives = int((outcome > 0.0).sum())
    rarer = max(min(positives, outcome.size - positives), 1)
    rows = int(min(max(20, 2 * outcome.size / rarer), outcome.size / 10))
    return ForestSettings(
        lesson.categorical, lesson.monotone, seed, rows_per_leaf=rows, interactions=lesson.interactions
    )


def _is_better(raw: Column, outcome: Column, rate: float) -> bool:
    """On later rows, than the rate of the rows before."""
    gain = log_loss(probability(np.full(outcome.size, rate)), outcome) - log_loss(probability(raw), outcome)
    return bool(gain.mean() > _SURE * gain.std() / np.sqrt(outcome.size))
