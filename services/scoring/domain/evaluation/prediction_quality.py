"""How good predicted probabilities are, against outcomes in [0, 1]. float64[N] each; NaN where nothing can be said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.evaluation.betting import Column

BINS = 10
_EDGE = 1e-12


@dataclass(frozen=True, slots=True)
class Quality:
    rows: int
    positives: int
    auc: float
    log_loss: float
    brier: float
    calibration_error: float
    """Expected calibration error: |mean predicted - mean outcome| over ten bins of equal size (Naeini et al. 2015)."""
    best_half_share: float
    """Of the positives, how many the better-scored half of the rows holds."""


def quality(predicted: Column, outcome: Column) -> Quality:
    return Quality(
        rows=int(outcome.size),
        positives=int((outcome > 0.0).sum()),
        auc=auc(predicted, outcome),
        log_loss=float(log_loss(predicted, outcome).mean()),
        brier=float(np.square(predicted - outcome).mean()),
        calibration_error=calibration_error(predicted, outcome),
        best_half_share=best_half_share(predicted, outcome),
    )


def log_loss(predicted: Column, outcome: Column) -> Column:
    """float64[N], in nats."""
    certain = np.clip(predicted, _EDGE, 1.0 - _EDGE)
    return -(outcome * np.log(certain) + (1.0 - outcome) * np.log1p(-certain))


def auc(predicted: Column, outcome: Column) -> float:
    """The probability that a positive is scored above a negative, ties counting half (Mann and Whitney 1947)."""
    is_positive = outcome > 0.0
    positives, negatives = int(is_positive.sum()), int((~is_positive).sum())
    if not positives or not negatives:
        return float("nan")
    from scipy import stats  # half a second, and servers that start need only the log loss

    ranks = stats.rankdata(predicted)
    return (float(ranks[is_positive].sum()) - positives * (positives + 1) / 2) / (positives * negatives)


def calibration_error(predicted: Column, outcome: Column) -> float:
    order = np.argsort(predicted, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if part.size]
    away = [abs(float(predicted[part].mean() - outcome[part].mean())) * part.size for part in parts]
    return sum(away) / outcome.size


def best_half_share(predicted: Column, outcome: Column) -> float:
    """Rows of one score share their positives, so that the order of the file does not matter."""
    total = float(outcome.sum())
    if not total:
        return float("nan")
    half = outcome.size / 2
    scores, places = np.unique(-predicted, return_inverse=True)
    counts = np.bincount(places, minlength=scores.size)
    gains = np.bincount(places, outcome, minlength=scores.size)
    before = np.cumsum(counts) - counts
    share = np.clip((half - before) / counts, 0.0, 1.0)
    return float((share * gains).sum()) / total
