"""A forest of what successes are worth, where it earns its place: E[amount | success, features].

It learns from successes alone, those of the same parts as the forest of probabilities: `teach` grows its trees, `stop`
says how many, `calibrate` says whether they tell more than the mean does, and scales them so that what they expect of
it adds up to what it was. No amount counts for more than √n times the median of the n that teach, a power of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.scoring.domain.amounts import OBJECTIVE, Amounts, amounts_of
from services.scoring.domain.feature_set import ActionDeclaration
from services.scoring.domain.hashing import token
from services.scoring.domain.logs.log import Column
from services.scoring.domain.training.forest_learner import (
    Course,
    Examples,
    Forest,
    ForestLearner,
    ForestSettings,
    Matrix,
    Target,
)
from services.scoring.domain.training.taught_forest import Lesson

LEAST_AMOUNTS = 200
"""Among the rows that teach: a forest from fewer is noise, and the mean of an action is the better guess."""
LEAST_HELD_OUT = 30
_SURE = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class TaughtSeverity:
    forest: Forest
    log_scale: float

    def amounts(self, matrix: Matrix) -> Column:
        """float64[N]: expected of each, were it a success."""
        return amounts_of(self.forest.log_odds(matrix), self.log_scale)


def taught_severity(lesson: Lesson, learner: ForestLearner, seed: int) -> TaughtSeverity | None:
    """Of a lesson whose outcomes are amounts, NaN where there is none. None where the mean of those that teach is as
    good, or they are too few.
    """
    parts = (lesson.teach, lesson.stop, lesson.calibrate)
    teach, stop, calibrate = (_known(part.matrix, part.outcome) for part in parts)
    amounts = teach[1]
    if amounts.size < LEAST_AMOUNTS or min(stop[1].size, calibrate[1].size) < LEAST_HELD_OUT or not amounts.any():
        return None
    limit = np.exp2(np.ceil(np.log2(np.sqrt(amounts.size) * max(float(np.median(amounts)), 1e-9))))
    # In units of the mean: LightGBM's least sums of hessians are absolute.
    unit = float(np.minimum(amounts, limit).mean())
    teach, stop, calibrate = ((matrix, np.minimum(each, limit) / unit) for matrix, each in (teach, stop, calibrate))
    settings = replace(_settings(lesson, seed), rows_per_leaf=int(min(20, max(amounts.size // 10, 1))))
    forest = learner.learn(Examples(*teach, *stop), settings, Course())
    raw = forest.log_odds(calibrate[0])
    expected = amounts_of(raw, 0.0)
    if not _is_better(expected, calibrate[1]):
        return None
    scale = float(calibrate[1].sum()) / float(expected.sum())
    return TaughtSeverity(forest, float(np.log(unit * scale)))


def tallied(
    actions: Sequence[ActionDeclaration], action: Sequence[int], amounts: Column, expected: Column | None
) -> Amounts:
    """The amounts of rows (NaN: none), as a layer tallies them that learnt them: relative to what was expected."""
    names = [
        (OBJECTIVE, token("issue", each.issue), token("group", each.group), token("action", each.action))
        for each in actions
    ]
    tally = Amounts()
    relative = amounts if expected is None else amounts / expected
    for row in np.flatnonzero(np.isfinite(relative)).tolist():
        tally.add(names[action[row]], float(relative[row]))
    return tally


def _known(matrix: Matrix, amounts: Column) -> tuple[Matrix, Column]:
    known = np.flatnonzero(np.isfinite(amounts))
    return matrix[known], amounts[known]


def _settings(lesson: Lesson, seed: int) -> ForestSettings:
    """Monotone constraints are of the probability, and are not for amounts."""
    nothing = (0,) * len(lesson.monotone)
    return ForestSettings(lesson.categorical, nothing, seed, interactions=lesson.interactions, target=Target.AMOUNT)


def _is_better(expected: Column, amounts: Column) -> bool:
    """Than the mean of the rows before, 1: by the deviance of a gamma distribution, and by more than chance gives."""
    gain = amounts - (amounts / expected + np.log(expected))
    return bool(gain.mean() > _SURE * gain.std() / np.sqrt(gain.size))
