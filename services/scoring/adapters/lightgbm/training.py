"""Forests by LightGBM (Ke et al. 2017): gradient boosting of the log loss, without weights.

Whoever listens is given the forest after every BLOCK rounds, and can have a training that was interrupted go on from
there. What early stopping has counted goes on, too; the rows and features that later trees grow on are drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np

from services.scoring.domain.logs.log import Column
from services.scoring.domain.training.forest_learner import (
    Course,
    Examples,
    Forest,
    ForestSettings,
    Matrix,
    Progress,
    Target,
)

BLOCK = 20
"""Rounds between two tellings of progress."""
MADE_WITH = {"lightgbm": str(lightgbm.__version__), "numpy": np.__version__}
"""Versions, for the lineage of a model."""
_LEAST_GAIN = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class LightGbmForest:
    """The first `rounds` of a booster."""

    booster: Any
    rounds: int

    def log_odds(self, matrix: Matrix) -> Column:
        raw = self.booster.predict(matrix, raw_score=True, num_iteration=self.rounds, num_threads=1)
        return np.asarray(raw, np.float64)

    def text(self) -> str:
        return str(self.booster.model_to_string(num_iteration=self.rounds))


class LightGbmLearner:
    """One thread, so that the same arguments give the same forest on every machine of a type."""

    def learn(self, examples: Examples, settings: ForestSettings, course: Course) -> Forest:
        done = course.done or Progress(0, settings.rounds, np.inf, 0, "")
        parameters = parameters_of(examples, settings, done.rounds)
        data = lightgbm.Dataset(
            examples.matrix, examples.outcome, categorical_feature=list(settings.categorical), params=parameters
        )
        later = data.create_valid(examples.later_matrix, examples.later_outcome)
        watch = _Watch(course, settings.patience, done)
        booster = lightgbm.Booster(model_str=done.text) if done.text else None
        if not watch.is_over:
            booster = lightgbm.train(
                parameters,
                data,
                settings.rounds - done.rounds,
                valid_sets=[later],
                init_model=booster,
                callbacks=[watch],
                keep_training_booster=True,
            )
        assert booster is not None, "what is over was begun"
        return LightGbmForest(booster, max(watch.progress.best_round, 1))

    def read(self, text: str) -> Forest:
        if not text.startswith("tree\n"):
            raise ValueError("it is no LightGBM model")
        try:
            booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"it is no LightGBM model: {error}") from error
        return LightGbmForest(booster, booster.current_iteration())


class _Watch:
    """Told by LightGBM after each round; ends the training when the loss has not fallen for `patience` rounds."""

    def __init__(self, course: Course, patience: int, done: Progress) -> None:
        self._course = course
        self._patience = patience
        self.progress = done

    @property
    def is_over(self) -> bool:
        at = self.progress
        return at.rounds >= at.wanted_rounds or at.rounds - at.best_round >= self._patience

    def __call__(self, environment: Any) -> None:
        loss, rounds = float(environment.evaluation_result_list[0][2]), int(environment.iteration) + 1
        before = self.progress
        if loss < before.loss - _LEAST_GAIN:
            self.progress = replace(before, rounds=rounds, loss=loss, best_round=rounds)
        else:
            self.progress = replace(before, rounds=rounds)
        if self._course.told is not None and (rounds % BLOCK == 0 or self.is_over):
            self._course.told(replace(self.progress, text=environment.model.model_to_string()))
        if self.is_over:
            raise lightgbm.callback.EarlyStopException(rounds - 1, environment.evaluation_result_list)


def _loss(examples: Examples, settings: ForestSettings) -> dict[str, Any]:
    """Nearly that of a gamma distribution for amounts, which may be 0 as well."""
    if settings.target is Target.AMOUNT:
        return {"objective": "tweedie", "metric": "tweedie", "tweedie_variance_power": 1.9}
    if np.isin(examples.outcome, (0.0, 1.0)).all():
        return {"objective": "binary", "metric": "binary_logloss"}
    return {"objective": "cross_entropy", "metric": "cross_entropy"}


def parameters_of(examples: Examples, settings: ForestSettings, rounds: int) -> dict[str, Any]:
    """LightGBM's, after some rounds; None for what is not set."""
    return {
        **_loss(examples, settings),
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": settings.rows_per_leaf,
        "min_sum_hessian_in_leaf": 1.0,
        "lambda_l2": 1.0,
        "feature_fraction": 0.8,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "cat_smooth": 20.0,
        "monotone_constraints": list(settings.monotone) if any(settings.monotone) else None,
        "interaction_constraints": [list(columns) for columns in settings.interactions] or None,
        "max_bin": 255,
        "seed": settings.seed + rounds,  # a forest that goes on does not draw the same rows again
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
