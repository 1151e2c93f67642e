"""How much more one arm brings than another, and how sure that is.

Arms are drawn person by person, and what one person does is not independent: so persons are the units, and a rate of
contacts is a ratio of two sums over them. Deng, Knoblich and Lu (2018), "Applying the delta method in metric analytics"
(arXiv:1803.06336), equation 3: for R = Σy / Σx over n persons

    var(R) = (s_yy − 2 R s_xy + R² s_xx) / (n × mean(x)²)

which for x = 1 is the usual variance of a mean. Arms are independent, so the variance of a difference is the sum. The
relative lift goes by the logarithm of R1 / R0, whose variance is var(R1) / R1² + var(R0) / R0²: it cannot fall below
-100 %, and for small baselines it is nearer to symmetric than the ratio.

Degrees of freedom as Welch and Satterthwaite: a holdout may be small.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from scipy.special import stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """`low` and `high` None: there are too few persons to say."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Lift:
    difference: Estimate
    relative: Estimate | None
    """None where the baseline has nothing."""


@dataclass(slots=True)
class Sums:
    """Over the persons of an arm: y per x. Persons who have neither count with `persons` alone."""

    persons: int = 0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0
    yy: float = 0.0

    def add(self, x: float, y: float) -> None:
        """What one person did."""
        self.x += x
        self.y += y
        self.xx += x * x
        self.xy += x * y
        self.yy += y * y

    def per_person(self, persons: int) -> Sums:
        """y for each of so many persons, whatever their x."""
        return Sums(persons, float(persons), self.y, float(persons), self.y, self.yy)

    @property
    def ratio(self) -> float | None:
        return self.y / self.x if self.x else None

    @property
    def variance(self) -> float | None:
        """Of the ratio; None with fewer than two persons."""
        ratio = self.ratio
        if self.persons < 2 or ratio is None:
            return None
        # Of y − ratio × x, whose mean is 0.
        residual = self.yy - 2.0 * ratio * self.xy + ratio * ratio * self.xx
        return max(0.0, residual) / (self.persons - 1) * self.persons / (self.x * self.x)


def estimate_of(sums: Sums) -> Estimate | None:
    """None where there is nothing to divide by."""
    ratio, variance = sums.ratio, sums.variance
    if ratio is None:
        return None
    if variance is None:
        return Estimate(ratio)
    return _around(ratio, variance, sums.persons - 1.0)


def lift_of(arm: Sums, baseline: Sums) -> Lift | None:
    """None where one of them has no ratio."""
    ratios, variances = (arm.ratio, baseline.ratio), (arm.variance, baseline.variance)
    if ratios[0] is None or ratios[1] is None:
        return None
    difference = ratios[0] - ratios[1]
    if variances[0] is None or variances[1] is None:
        return Lift(Estimate(difference), _bare(ratios[0], ratios[1]))
    freedom = _freedom((variances[0], arm.persons), (variances[1], baseline.persons))
    shares = _shares((ratios[0], variances[0]), (ratios[1], variances[1]), freedom)
    return Lift(_around(difference, variances[0] + variances[1], freedom), shares)


def _shares(arm: tuple[float, float], baseline: tuple[float, float], freedom: float) -> Estimate | None:
    if arm[0] <= 0.0 or baseline[0] <= 0.0:
        return _bare(arm[0], baseline[0])
    logarithm = math.log(arm[0] / baseline[0])
    variance = arm[1] / arm[0] ** 2 + baseline[1] / baseline[0] ** 2
    return _mapped(_around(logarithm, variance, freedom), _from_logarithm)


def _bare(arm: float, baseline: float) -> Estimate | None:
    return Estimate(arm / baseline - 1.0) if baseline > 0.0 else None


def _mapped(estimate: Estimate, change: Callable[[float], float]) -> Estimate:
    low, high = estimate.low, estimate.high
    assert low is not None, "it has an interval"
    assert high is not None, "likewise"
    return Estimate(change(estimate.value), change(low), change(high))


def _from_logarithm(logarithm: float) -> float:
    return math.expm1(min(logarithm, 700.0))


def _around(value: float, variance: float, freedom: float) -> Estimate:
    half = _quantile(round(freedom, 1)) * math.sqrt(variance)
    return Estimate(value, value - half, value + half)


def _freedom(*arms: tuple[float, int]) -> float:
    total = sum(variance for variance, _ in arms)
    parts = sum(variance**2 / (persons - 1) for variance, persons in arms)
    return total**2 / parts if parts > 0.0 else float(min(persons for _, persons in arms) - 1)


@lru_cache(maxsize=1_000)
def _quantile(freedom: float) -> float:
    return float(stdtrit(max(1.0, freedom), 0.5 + CONFIDENCE / 2.0))
