"""What is wrong with a model by itself, whether or not there is another one to go back to.

calibration   as for roll-back (`bounds`)
ranking       the AUC is more than 3 standard errors (Hanley & McNeil 1982, at 0.5) below 0.5: a coin ranks better
log_loss      more than 3 standard errors, and by more than 1 %, worse than to say the mean of the rewards of everybody

A person who is told can look, so less evidence is asked for than for a roll-back. Where the objective has no outcome
window, presentations that are old enough are counted; where those are few, all, and then the alarm says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.prediction_quality import auc
from services.scoring.domain.health.bounds import Bounds, calibration, loss_difference
from services.scoring.domain.health.presentations import Presentation
from services.scoring.domain.health.quality import Predicted, predicted_by

LEAST_TOLD = 200
"""Presentations, before anything is said of a model."""


@dataclass(frozen=True, slots=True)
class Failing:
    """`bound` is one of BOUNDS_WATCHED. `is_of_any_model`: it is told of a model that is only tried, too."""

    model_id: str
    bound: str
    text: str
    is_of_any_model: bool = False


def failings(model_id: str, judging: Sequence[Presentation], bounds: Bounds, now_ms: int) -> list[Failing]:
    """Of one model, on presentations by which models are judged."""
    final = predicted_by(model_id, (each for each in judging if each.is_over(now_ms, bounds.maturity_ms)))
    if final.rewards.size >= LEAST_TOLD:
        return list(_of(model_id, final, bounds))
    found = predicted_by(model_id, judging)
    if found.rewards.size < LEAST_TOLD:
        return []
    minutes = bounds.maturity_ms / 60_000
    caveat = f"; most presentations are younger than {minutes:g} minutes, and successes of theirs may still come"
    return [replace(each, text=each.text + caveat) for each in _of(model_id, found, bounds)]


def _of(model_id: str, said: Predicted, bounds: Bounds) -> Iterator[Failing]:
    told = replace(bounds, least_presentations=LEAST_TOLD)
    found = calibration(said.predictions, said.rewards)
    if found.is_broken(told):
        text = f"rewards are {found.ratio:.2f} times what it predicted (z = {found.z:.1f})"
        yield Failing(model_id, "calibration", f"{model_id} is not calibrated: {text}", is_of_any_model=True)
    ranked, error = auc(said.predictions, said.rewards), _auc_error(said.rewards)
    if ranked < 0.5 - bounds.loss_errors * error:
        text = f"AUC {ranked:.3f}, {(0.5 - ranked) / error:.1f} standard errors below 0.5"
        yield Failing(model_id, "ranking", f"{model_id} ranks worse than a coin: {text}")
    rate = np.full(said.rewards.size, float(said.rewards.mean()))
    difference = loss_difference(said.predictions, rate, said.rewards)
    if difference.is_worse(told):
        text = f"log loss is higher by {difference.mean:.4f} ± {difference.error:.4f}"
        yield Failing(model_id, "log_loss", f"{model_id} predicts worse than the mean reward of everybody: {text}")


def _auc_error(rewards: Column) -> float:
    """Infinite without successes or without failures."""
    positives = float(rewards.sum())
    negatives = rewards.size - positives
    pairs = positives * negatives
    return math.sqrt((rewards.size + 1) / (12.0 * pairs)) if pairs > 0.0 else math.inf
