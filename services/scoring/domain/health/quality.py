"""How good one model's predictions were, each made before its reward was known (progressive validation; Blum, Kalai and
Langford 1999). A reward is a number in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.prediction_quality import auc, log_loss
from services.scoring.domain.health.presentations import Presentation, model_of
from services.scoring.domain.rewards import Prediction

MAX_BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Presentations with alike predictions."""

    count: int
    mean_prediction: float
    mean_reward: float


@dataclass(frozen=True, slots=True)
class Predicted:
    """float64[N] each: what a model said, and what came."""

    predictions: Column
    rewards: Column


@dataclass(frozen=True, slots=True)
class ModelQuality:
    """`auc` is None without positives or without negatives, `calibration_ratio` where nothing was expected."""

    model_id: str
    presentations: int
    positives: float
    auc: float | None
    log_loss: float
    brier: float
    calibration_error: float
    calibration_ratio: float | None
    bins: tuple[Bin, ...]


def predicted_by(model_id: str, presentations: Iterable[Presentation]) -> Predicted:
    """Where the model is named, be it as the one that answered or as the one that was tried."""
    found = [
        (propensity, each.reward)
        for each in presentations
        if each.prediction is not None and (propensity := _said_by(model_id, each.prediction)) is not None
    ]
    columns = np.array(found, np.float64).reshape(len(found), 2)
    return Predicted(columns[:, 0], columns[:, 1])


def _said_by(model_id: str, prediction: Prediction) -> float | None:
    """An apprentice is both: its answer is the expected rate, and what it would have said is what was tried."""
    if model_of(prediction.shadow_version) == model_id:
        return prediction.shadow_propensity
    return prediction.propensity if model_of(prediction.model_version) == model_id else None


def quality(model_id: str, predicted: Predicted) -> ModelQuality | None:
    """None without presentations."""
    predictions, rewards = predicted.predictions, predicted.rewards
    if not predictions.size:
        return None
    bins, expected, ranked = reliability(predicted), float(predictions.sum()), auc(predictions, rewards)
    away = sum(abs(each.mean_prediction - each.mean_reward) * each.count for each in bins)
    return ModelQuality(
        model_id=model_id,
        presentations=predictions.size,
        positives=float(rewards.sum()),
        auc=None if math.isnan(ranked) else ranked,
        log_loss=float(log_loss(predictions, rewards).mean()),
        brier=float(np.square(predictions - rewards).mean()),
        calibration_error=away / predictions.size,
        calibration_ratio=float(rewards.sum()) / expected if expected else None,
        bins=bins,
    )


def reliability(predicted: Predicted) -> tuple[Bin, ...]:
    """At most ten bins at quantiles of the predictions, ascending; equal predictions are in one."""
    predictions, rewards = predicted.predictions, predicted.rewards
    edges = np.unique(np.quantile(predictions, np.arange(1, MAX_BINS) / MAX_BINS, method="inverted_cdf"))
    places = np.searchsorted(edges, predictions)
    counts = np.bincount(places, minlength=len(edges) + 1)
    means = np.bincount(places, predictions, len(counts)), np.bincount(places, rewards, len(counts))
    return tuple(
        Bin(int(count), float(expected / count), float(came / count))
        for count, expected, came in zip(counts, *means, strict=True)
        if count
    )
