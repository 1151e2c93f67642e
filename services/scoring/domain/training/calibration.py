"""Log-odds that say what happens: a forest's own, a line through them, or a staircase; whichever loses least.

    Platt scaling       σ(a s + b), a > 0       Platt 1999, with his targets that are never 0 or 1
    isotonic            pool adjacent violators  Zadrozny and Elkan 2002; Ayer et al. 1955
    none                σ(s)

The choice is by log loss on rows that none of them was fitted on (Niculescu-Mizil and Caruana 2005: isotonic needs
many rows, the line does with few).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.scoring.domain.evaluation.prediction_quality import log_loss
from services.scoring.domain.logs.log import Column

_LEAST_ROWS = 50
_FAR = 12.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log-odds to log-odds, monotone: by knots (x, y) and straight lines between them where there are any, else by a
    slope and an offset."""

    method: str = "none"
    slope: float = 1.0
    offset: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()

    def __call__(self, log_odds: Column) -> Column:
        if self.knots:
            inside, onto = zip(*self.knots, strict=True)
            return np.asarray(np.interp(log_odds, inside, onto), np.float64)
        return self.slope * log_odds + self.offset


def calibrated(log_odds: Column, outcome: Column) -> Calibration:
    """Fitted on every other row and chosen on the rest, then fitted on all."""
    if outcome.size < _LEAST_ROWS or not 0.0 < outcome.sum() < outcome.size:
        return Calibration()
    chosen, least = Calibration(), np.inf
    for fit in (lambda *_: Calibration(), platt, isotonic):
        loss = sum(
            float(log_loss(_probability(fit(log_odds[a::2], outcome[a::2])(log_odds[b::2])), outcome[b::2]).sum())
            for a, b in ((0, 1), (1, 0))
        )
        if loss < least - 1e-9:
            chosen, least = fit(log_odds, outcome), loss
    return chosen


def platt(log_odds: Column, outcome: Column) -> Calibration:
    from scipy import optimize  # a third of a second, and who serves a model only reads its calibration

    positives = float(outcome.sum())
    high, low = (positives + 1.0) / (positives + 2.0), 1.0 / (outcome.size - positives + 2.0)
    wanted = low + (high - low) * outcome

    def loss(line: Column) -> tuple[float, Column]:
        at = line[0] * log_odds + line[1]
        away = _probability(at) - wanted
        return float((np.logaddexp(0.0, at) - wanted * at).sum()), np.array([(away * log_odds).sum(), away.sum()])

    found = optimize.minimize(loss, np.array([1.0, 0.0]), jac=True, bounds=[(1e-3, 10.0), (-_FAR, _FAR)])
    return Calibration("platt", float(found.x[0]), float(found.x[1]))


def isotonic(log_odds: Column, outcome: Column) -> Calibration:
    """Each step has half a positive and half a negative more than were seen, so that none says never or always."""
    from scipy import optimize

    order = np.argsort(log_odds, kind="stable")
    inside, sums = log_odds[order], outcome[order]
    steps = optimize.isotonic_regression(sums).blocks
    knots: list[tuple[float, float]] = []
    for start, end in pairwise(steps.tolist()):
        rate = (float(sums[start:end].sum()) + 0.5) / (end - start + 1.0)
        onto = max(float(np.log(rate / (1.0 - rate))), knots[-1][1] if knots else -_FAR)
        knots.append((float(inside[start:end].mean()), onto))
    distinct = [knot for knot, after in pairwise(knots) if after[0] > knot[0]] + knots[-1:]
    return Calibration("isotonic", knots=tuple(distinct))


def _probability(log_odds: Column) -> Column:
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0)))
