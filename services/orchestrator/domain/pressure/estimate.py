"""What pressure does to responses and unsubscribes, learnt from gaps that were drawn at random.

    y = a + k p + β l + e        p propensity, l level before the contact, y whether it was responded to

Levels are high where contacts are aimed, at those who respond anyway: least squares would find that pressure helps.
The deviation z of the level that chance made (`gaps`) is independent of who the person is, so it is the instrument for
l, and 1 and p are their own: two-stage least squares, as many instruments as regressors,

    θ = A⁻¹ Σ w y      A = Σ w xᵀ      w = (1, p, z)      x = (1, p, l)

Wooldridge (2010), "Econometric Analysis of Cross Section and Panel Data", section 5.1 (the estimator), and 20.3 with
Wolter (2007), "Introduction to Variance Estimation", chapter 2 (the variance, from the totals of groups that people
were spread over at random): with g_b the bucket's Σ w (y − xᵀθ),

    var(θ) = A⁻¹ · B / (B − 1) · Σ g_b g_bᵀ · A⁻ᵀ

Nothing is said while the draws hardly moved the level: the first stage needs F ≥ 10 (Staiger and Stock, 1997,
"Instrumental variables regression with weak instruments", Econometrica 65(3)).

Prices are shrunk by how surely pressure does harm at all. Two hypotheses, even beforehand: it does nothing; or it does
harm, how much being half-normal with the deviation that would be enough to explain everything (all responses lost, or
all unsubscribes made, at the mean level). A spike and a slab: Mitchell and Beauchamp (1988), "Bayesian variable
selection in linear regression", JASA 83(404). Certainty is 2 × the posterior chance of harm − 1, or 0 where that is
below, of the surer one of the two effects: nobody who does not tire is spared contacts for long, and where nothing is
known nothing is charged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.pressure.tally import (
    CROSS,
    INSTRUMENT_SQUARED,
    RESPONSES,
    UNSUBSCRIBES,
    VALUE,
    PressureTally,
)

LEAST_BUCKETS = 16
"""With samples. With fewer, who they are tells too little of how sure the estimate is."""
LEAST_F = 10.0

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PressureEstimate:
    """Slopes: what a unit of level does to the chance of a response, and of an unsubscribe, per contact; errors are
    their standard deviations, infinite where nothing is known. `certainty` in [0, 1]: by which prices are shrunk.
    `mean_value`: money per response. `mean_level`: before a contact."""

    response_slope: float = 0.0
    response_error: float = math.inf
    unsubscribe_slope: float = 0.0
    unsubscribe_error: float = math.inf
    certainty: float = 0.0
    mean_value: float = 0.0
    mean_level: float = 0.0
    samples: int = 0


NO_ESTIMATE = PressureEstimate()


def estimate(tallies: Sequence[PressureTally]) -> PressureEstimate:
    """Of all buckets, one tally each; empty ones may be missing."""
    sums = np.array([each.sums for each in tallies if each.sums[0] > 0.0])
    if not len(sums):
        return NO_ESTIMATE
    total = sums.sum(axis=0)
    samples, propensity, level = total[:3].tolist()
    means = PressureEstimate(
        mean_value=float(total[VALUE]) / propensity if propensity > 0.0 else 0.0,
        mean_level=level / samples,
        samples=round(samples),
    )
    kept = _kept(total)
    cross = sums[:, CROSS].reshape(-1, 3, 3)[:, kept][:, :, kept]
    if len(sums) < LEAST_BUCKETS or not _is_moved(sums, cross):
        return means
    response, response_error = _slope(cross, sums[:, RESPONSES][:, kept])
    unsubscribe, unsubscribe_error = _slope(cross, sums[:, UNSUBSCRIBES][:, kept])
    certainties = (
        _certainty(-response, response_error, float(total[RESPONSES][0]) / level),
        _certainty(unsubscribe, unsubscribe_error, float(total[UNSUBSCRIBES][0]) / level),
    )
    return PressureEstimate(
        response,
        response_error,
        unsubscribe,
        unsubscribe_error,
        max(certainties),
        means.mean_value,
        means.mean_level,
        means.samples,
    )


def _kept(total: Matrix) -> list[int]:
    """The columns that say something: without the propensity where all have the same."""
    samples, propensity, _, _, squared = total[:5].tolist()
    return [0, 1, 2] if samples * squared - propensity**2 > 1e-9 * samples * squared else [0, 2]


def _is_moved(sums: Matrix, cross: Matrix) -> bool:
    """Whether the draws moved the level enough: the first stage, l by w."""
    instruments = cross.copy()
    # Σ w wᵀ is Σ w xᵀ but for the last column.
    instruments[:, :, -1] = cross[:, -1, :]
    instruments[:, -1, -1] = sums[:, INSTRUMENT_SQUARED]
    if not _is_regular(instruments.sum(axis=0)):
        return False
    slope, error = _slope(instruments, cross[:, :, -1])
    return slope > 0.0 and slope**2 >= LEAST_F * error**2 and _is_regular(cross.sum(axis=0))


def _is_regular(matrix: Matrix) -> bool:
    scale = np.sqrt(np.abs(np.diag(matrix)))
    if not (scale > 0.0).all():
        return False
    return bool(np.linalg.cond(matrix / np.outer(scale, scale)) < 1e10)


def _slope(cross: Matrix, products: Matrix) -> tuple[float, float]:
    """Of the last regressor, with its standard deviation. `cross` float64[B, n, n], `products` float64[B, n]."""
    whole = np.linalg.inv(cross.sum(axis=0))
    parameters = whole @ products.sum(axis=0)
    left = (products - cross @ parameters) @ whole[-1]
    buckets = len(cross)
    return float(parameters[-1]), math.sqrt(buckets / (buckets - 1) * float(left @ left))


def _certainty(harm: float, error: float, scale: float) -> float:
    """That one effect does harm; `scale` of the slab."""
    if error <= 0.0 or scale <= 0.0:
        return 0.0
    spread = math.hypot(scale, error)
    known = scale / spread * harm / error
    # Twice the share of the slab's posterior that is above 0: it has nothing below.
    above = math.erfc(-known / math.sqrt(2.0))
    if above <= 0.0:
        return 0.0
    log_odds = math.log(error) - math.log(spread) + 0.5 * known * known + math.log(above)
    return max(0.0, math.tanh(log_odds / 2.0))
