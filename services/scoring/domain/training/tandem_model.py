"""The whole model: a base model, and the online layer over it, which learns what the base has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.logs.log import Column, Log
from services.scoring.domain.priors import Priors
from services.scoring.domain.training.base_model import BaseModel, first_part, learn_base
from services.scoring.domain.training.encoder import encoder_of
from services.scoring.domain.training.forest_learner import Course, ForestLearner
from services.scoring.domain.training.online_layer import Beliefs, OnlineLayer, moments

BATCH = 1_000
"""Rows that the layer takes at a time."""
_FIRST_GUESS = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class TandemModel:
    """`learn` moves the layer in place; the base stays as it is."""

    base: BaseModel
    layer: OnlineLayer

    def learn(self, log: Log) -> None:
        for start in range(0, len(log), BATCH):
            batch = log.take(slice(start, start + BATCH))
            self.layer.learn(batch, self.base.log_odds(batch))

    def predict(self, log: Log) -> tuple[Column, Column]:
        """float64[N]: the probability of a positive after what was taken, and its standard deviation."""
        found = moments(self.layer.beliefs(log, self.base.log_odds(log)[:, None], taken_only=True))
        return found[0][:, 0], found[1][:, 0]

    def beliefs(self, log: Log) -> Beliefs:
        """Of every action that could be taken."""
        return self.layer.beliefs(log, self.base.log_odds_of_all(log))


def untaught_model(log: Log) -> TandemModel:
    """Before the first row: nothing is known, not even the rate."""
    base = BaseModel(encoder_of(log.take(slice(0, 0))), float(np.log(_FIRST_GUESS / (1.0 - _FIRST_GUESS))))
    return TandemModel(base, OnlineLayer(log, Priors()))


def learn_model(log: Log, learner: ForestLearner, seed: int, course: Course | None = None) -> TandemModel:
    """The base from the first rows, the layer from the later ones; from all, where the base is only a rate."""
    base = learn_base(log, learner, seed, course)
    model = TandemModel(base, OnlineLayer(log))
    model.learn(log.take(slice(first_part(len(log)) if base.forest else 0, None)))
    return model
