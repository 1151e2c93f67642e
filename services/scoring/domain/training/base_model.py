"""The base model: a calibrated forest where it earns its place on later rows, and the running rate where it does not.

It learns P(outcome | shown, features), unweighted. The first rows of a log teach it; the later ones, HOLDOUT of them,
say when to stop, calibrate it, and decide whether there is a forest at all: where its gain over the rate is within
what chance gives, the rate is the model. What the later rows hold is left for the online layer to learn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.evaluation.prediction_quality import log_loss
from services.scoring.domain.logs.log import Column, Log
from services.scoring.domain.training.calibration import Calibration, calibrated
from services.scoring.domain.training.encoder import Encoder, encoder_of
from services.scoring.domain.training.forest_learner import (
    Course,
    Examples,
    Forest,
    ForestLearner,
    ForestSettings,
    Matrix,
)

HOLDOUT = 0.2
LEAST_POSITIVES = 20
"""Among the rows that teach: a forest from fewer is noise."""
_LEAST_HELD_OUT = 5
_SURE = 1.0
"""Standard errors by which a forest must beat the rate."""


@dataclass(frozen=True, slots=True, eq=False)
class BaseModel:
    """Without a forest, `rate_log_odds` is what it says of everybody."""

    encoder: Encoder
    rate_log_odds: float
    forest: Forest | None = None
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def rounds(self) -> int:
        return 0 if self.forest is None else self.forest.rounds

    def log_odds(self, log: Log) -> Column:
        """float64[N], of the actions that were taken."""
        return self._of(self.encoder.matrix(log)) if self.forest else np.full(len(log), self.rate_log_odds)

    def log_odds_of_all(self, log: Log) -> NDArray[np.float64]:
        """float64[N, K], of every action of the log."""
        if self.forest is None:
            return np.full((len(log), len(log.actions)), self.rate_log_odds)
        matrix, codes = self.encoder.matrix(log), self.encoder.action_codes(log.actions)
        found = np.empty((len(log), len(log.actions)))
        for code in np.unique(codes):
            matrix[:, 0] = code
            found[:, codes == code] = self._of(matrix)[:, None]
        return found

    def _of(self, matrix: Matrix) -> Column:
        assert self.forest is not None
        return self.calibration(self.forest.log_odds(matrix))


def first_part(rows: int, holdout: float = HOLDOUT) -> int:
    """How many rows teach the forest; the later ones do not."""
    return rows - round(rows * holdout)


def learn_base(log: Log, learner: ForestLearner, seed: int, course: Course | None = None) -> BaseModel:
    """From rows in the order of time."""
    middle = first_part(len(log))
    first, later = log.take(slice(0, middle)), log.take(slice(middle, None))
    encoder = encoder_of(first)
    rate = rate_log_odds(log.outcome)
    enough = min(first.positives, middle - first.positives) >= LEAST_POSITIVES
    if not enough or later.positives < _LEAST_HELD_OUT or not is_informed(log):
        return BaseModel(encoder, rate)
    examples = Examples(encoder.matrix(first), first.outcome, encoder.matrix(later), later.outcome)
    forest = learner.learn(examples, _settings(encoder, first, seed), course or Course())
    raw = forest.log_odds(examples.later_matrix)
    calibration = calibrated(raw, later.outcome)
    if not _is_better(raw, later.outcome, rate_log_odds(first.outcome)):
        return BaseModel(encoder, rate)
    return BaseModel(encoder, rate, forest, calibration)


def is_informed(log: Log) -> bool:
    """Whether there is anything to tell rows apart by."""
    return len(log.actions) > 1 or bool(log.features) or log.position is not None


def rate_log_odds(outcome: Column) -> float:
    """Of the share of positives, with half a positive and half a negative more (Jeffreys)."""
    rate = (float(outcome.sum()) + 0.5) / (outcome.size + 1.0)
    return float(np.log(rate / (1.0 - rate)))


def probability(log_odds: Column) -> Column:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))), np.float64)


def _settings(encoder: Encoder, first: Log, seed: int) -> ForestSettings:
    """Leaves so large that each holds some of the rarer outcome."""
    rarer = max(min(first.positives, len(first) - first.positives), 1)
    rows = int(min(max(20, 2 * len(first) / rarer), len(first) / 10))
    return ForestSettings(encoder.categorical, encoder.monotone, seed, rows_per_leaf=rows)


def _is_better(raw: Column, outcome: Column, rate: float) -> bool:
    """On later rows, than the rate of the rows before."""
    gain = log_loss(probability(np.full(outcome.size, rate)), outcome) - log_loss(probability(raw), outcome)
    return bool(gain.mean() > _SURE * gain.std() / np.sqrt(outcome.size))
