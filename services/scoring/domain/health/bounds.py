"""When a champion has to give way to the one before it, without anybody's asking.

Calibration   z = Σ (reward - prediction) / √ Σ prediction (1 - prediction): under a calibrated model about N(0, 1)
              (Spiegelhalter 1986). It breaks where |z| is beyond 4 and rewards are below 0.8 or above 1.25 times what
              was predicted: evidence that it is wrong, and wrong by an amount that matters. Where the former champion
              was scored on the same presentations, its calibration must not be broken as well: rewards that are late,
              or a season that turned, break both, and going back would mend nothing.
Quality       the mean difference of log loss, champion's minus former's, on the same presentations, is more than 3
              standard errors above 0 and more than 1 % of the former's log loss. The second bound is because this is
              looked at again and again: of two models that are alike, one is at some time ahead by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.prediction_quality import log_loss
from services.scoring.domain.health.presentations import Presentation, model_of
from services.scoring.domain.models import Assignment

_LEAST_VARIANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Bounds:
    """`maturity_ms` is how old a presentation must be for its reward to be final where its objective has no window."""

    least_presentations: int = 1_000
    maturity_ms: int = 3_600_000
    calibration_z: float = 4.0
    least_ratio: float = 0.8
    most_ratio: float = 1.25
    loss_errors: float = 3.0
    loss_share: float = 0.01


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of N predictions."""

    count: int
    z: float
    ratio: float

    def is_broken(self, bounds: Bounds) -> bool:
        is_off = not bounds.least_ratio <= self.ratio <= bounds.most_ratio
        return self.count >= bounds.least_presentations and abs(self.z) > bounds.calibration_z and is_off


@dataclass(frozen=True, slots=True)
class LossDifference:
    """Of N pairs: the mean of champion's minus former's log loss, its standard error, and the former's mean."""

    count: int
    mean: float
    error: float
    former: float

    def is_worse(self, bounds: Bounds) -> bool:
        is_certain = self.mean > bounds.loss_errors * self.error
        return self.count >= bounds.least_presentations and is_certain and self.mean > bounds.loss_share * self.former


def calibration(predictions: Column, rewards: Column) -> Calibration:
    expected = float(predictions.sum())
    spread = math.sqrt(max(float((predictions * (1.0 - predictions)).sum()), _LEAST_VARIANCE))
    ratio = float(rewards.sum()) / expected if expected else math.inf
    return Calibration(predictions.size, (float(rewards.sum()) - expected) / spread, ratio)


def loss_difference(champion: Column, former: Column, rewards: Column) -> LossDifference:
    """Raises ValueError for fewer than two pairs."""
    if rewards.size < 2:
        raise ValueError("a standard error takes two pairs")
    loss = log_loss(former, rewards)
    difference = log_loss(champion, rewards) - loss
    error = float(difference.std(ddof=1)) / math.sqrt(rewards.size)
    return LossDifference(rewards.size, float(difference.mean()), error, float(loss.mean()))


def reason_to_roll_back(
    presentations: Iterable[Presentation], assignment: Assignment, bounds: Bounds, now_ms: int
) -> str | None:
    """In words, with the figures; None where nothing is broken, or nobody is there to go back to.

    Counts what the champion answered since it became it, and of that what can no longer change (`presentations`).
    """
    if not assignment.former or assignment.is_apprentice:
        return None
    rows = _rows((each for each in presentations if each.is_over(now_ms, bounds.maturity_ms)), assignment)
    mine, former, rewards = rows[:, 0], rows[:, 1], rows[:, 2]
    paired = ~np.isnan(former)
    found = calibration(mine, rewards)
    if found.is_broken(bounds) and not calibration(former[paired], rewards[paired]).is_broken(bounds):
        return (
            f"calibration of {assignment.champion} broke: rewards are {found.ratio:.2f} times what was predicted, "
            f"z = {found.z:.1f}, over {found.count:,} presentations"
        )
    if paired.sum() < max(2, bounds.least_presentations):
        return None
    difference = loss_difference(mine[paired], former[paired], rewards[paired])
    if difference.is_worse(bounds):
        return (
            f"{assignment.champion} predicts worse than {assignment.former}: log loss is higher by "
            f"{difference.mean:.5f} ± {difference.error:.5f} over {difference.count:,} presentations"
        )
    return None


def _rows(presentations: Iterable[Presentation], assignment: Assignment) -> Column:
    """float64[N, 3]: the champion's prediction, the former one's (NaN where it was not scored), the reward."""
    found = [
        (
            said.propensity,
            said.shadow_propensity if model_of(said.shadow_version) == assignment.former else math.nan,
            each.reward,
        )
        for each in presentations
        if (said := each.prediction) is not None
        and model_of(said.model_version) == assignment.champion
        and assignment.change_time_ms <= each.time_ms
    ]
    return np.array(found, np.float64).reshape(len(found), 3)
