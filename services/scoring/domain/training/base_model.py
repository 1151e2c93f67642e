"""The base model: a calibrated forest where it earns its place on later rows, and the running rate where it does not.

It learns P(outcome | shown, features), unweighted. The first rows of a log teach it; the later ones, HOLDOUT of them,
say when to stop, calibrate it, and decide whether there is a forest at all: where its gain over the rate is within
what chance gives, the rate is the model. What the later rows hold is left for the online layer to learn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.logs.log import Column, Log
from services.scoring.domain.training.calibration import Calibration
from services.scoring.domain.training.encoder import Encoder, encoder_of
from services.scoring.domain.training.forest_learner import Course, Forest, ForestLearner, Matrix
from services.scoring.domain.training.taught_forest import Lesson, Part, is_enough, rate_log_odds, taught_forest

HOLDOUT = 0.2


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
    if not is_enough(first.outcome, later.outcome) or not is_informed(log):
        return BaseModel(encoder, rate)
    held_out = Part(encoder.matrix(later), later.outcome)
    teach = Part(encoder.matrix(first), first.outcome)
    lesson = Lesson(teach, held_out, held_out, encoder.categorical, encoder.monotone)
    taught = taught_forest(lesson, learner, seed, course or Course())
    return BaseModel(encoder, rate) if taught is None else BaseModel(encoder, rate, taught.forest, taught.calibration)


def is_informed(log: Log) -> bool:
    """Whether there is anything to tell rows apart by."""
    return len(log.actions) > 1 or bool(log.features) or log.position is not None
