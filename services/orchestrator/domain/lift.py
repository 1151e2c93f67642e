"""How much more one arm brings than another, and how sure that is.

Arms are drawn person by person, and what one person does is not independent: so persons are the units, and a rate of
contacts is a ratio of two sums over them. Deng, Knoblich and Lu (2018), "Applying the delta method in metric analytics"
(arXiv:1803.06336), equation 3: for R = Σy / Σx over n persons

    var(R) = (s_yy − 2 R s_xy + R² s_xx) / (n × mean(x)²)

which for x = 1 is the usual variance of a mean. Arms are independent, so the variance of a difference is the sum. The
relative lift goes by the logarithm of R1 / R0, whose variance is var(R1) / R1² + var(R0) / R0²: it cannot fall below
-100 %, and for small baselines it is nearer to symmetric than the ratio.

Degrees of freedom as Welch and Satterthwaite: a holdout may be small.

Where few things happened, none of that holds: of an arm in which nothing did, the variance would be 0. There R is taken
for a rate of R² / var(R) Poisson events (as many as there were, where each is another person's), with the exact limits
of Garwood (1936): what never happened to n persons happens to fewer than 3.7 of n. A share that is nearly 1 goes by
what did not happen. Two arms are put together by the distances of their limits (MOVER: Zou and Donner 2008, Statistics
in Medicine 27, for the difference; Donner and Zou 2012, Statistical Methods in Medical Research 21, for the ratio),
which comes to the above where limits are symmetric.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

from scipy.special import gammaincinv, stdtrit

CONFIDENCE = 0.95
FEW = 30.0
"""Events of which the normal law is not yet a likeness."""


class Kind(Enum):
    """What y counts."""

    SHARE = auto()
    """Those of the x of which something holds."""
    COUNT = auto()
    MONEY = auto()
    """An amount for each of some events: while there were none, nobody knows how much it would be."""


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
    kind: Kind = Kind.COUNT

    def add(self, x: float, y: float) -> None:
        """What one person did."""
        self.x += x
        self.y += y
        self.xx += x * x
        self.xy += x * y
        self.yy += y * y

    def per_person(self, persons: int) -> Sums:
        """y for each of so many persons, whatever their x."""
        return Sums(persons, float(persons), self.y, float(persons), self.y, self.yy, self.kind)

    @property
    def opposite(self) -> Sums:
        """Of a share: those of which it does not hold."""
        return replace(self, y=self.x - self.y, xy=self.xx - self.xy, yy=self.xx - 2.0 * self.xy + self.yy)

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


@dataclass(frozen=True, slots=True)
class _Limits:
    """Of a ratio. `high` None: nobody can say."""

    value: float
    low: float
    high: float | None


def estimate_of(sums: Sums) -> Estimate | None:
    """None where there is nothing to divide by."""
    ratio, variance = sums.ratio, sums.variance
    if ratio is None:
        return None
    if variance is None:
        return Estimate(ratio)
    if not _is_rare(sums, ratio, variance):
        return _around(ratio, variance, sums.persons - 1.0)
    limits = _limits(sums, ratio, variance)
    return Estimate(ratio) if limits.high is None else Estimate(ratio, limits.low, limits.high)


def lift_of(arm: Sums, baseline: Sums) -> Lift | None:
    """None where one of them has no ratio."""
    ratios, variances = (arm.ratio, baseline.ratio), (arm.variance, baseline.variance)
    if ratios[0] is None or ratios[1] is None:
        return None
    difference = ratios[0] - ratios[1]
    if variances[0] is None or variances[1] is None:
        return Lift(Estimate(difference), _bare(ratios[0], ratios[1]))
    if _is_rare(arm, ratios[0], variances[0]) or _is_rare(baseline, ratios[1], variances[1]):
        limits = _limits(arm, ratios[0], variances[0]), _limits(baseline, ratios[1], variances[1])
        return Lift(_difference(*limits), _ratio(*limits))
    freedom = _freedom((variances[0], arm.persons), (variances[1], baseline.persons))
    shares = _shares((ratios[0], variances[0]), (ratios[1], variances[1]), freedom)
    return Lift(_around(difference, variances[0] + variances[1], freedom), shares)


def _is_rare(sums: Sums, ratio: float, variance: float) -> bool:
    """Whether so little happened, or so little did not, that it is counted."""
    if sums.kind is Kind.SHARE and ratio > 0.5:
        return (1.0 - ratio) ** 2 <= FEW * variance
    if not ratio:
        return variance == 0.0
    return ratio > 0.0 and ratio**2 <= FEW * variance


def _limits(sums: Sums, ratio: float, variance: float) -> _Limits:
    if not _is_rare(sums, ratio, variance):
        around = _around(ratio, variance, sums.persons - 1.0)
        assert around.low is not None, "it has an interval"
        return _Limits(ratio, around.low, around.high)
    if sums.kind is Kind.SHARE and ratio > 0.5:
        against = _counted(sums.opposite, 1.0 - ratio, variance)
        return _Limits(ratio, 1.0 - min(1.0, against.high or 0.0), 1.0 - against.low)
    limits = _counted(sums, ratio, variance)
    at_most = 1.0 if sums.kind is Kind.SHARE else math.inf
    return limits if limits.high is None else replace(limits, high=min(limits.high, at_most))


def _counted(sums: Sums, ratio: float, variance: float) -> _Limits:
    """By the exact limits of a Poisson rate."""
    tail = (1.0 - CONFIDENCE) / 2.0
    if not ratio:
        # As many as count apart: those who have more of the x count for more than one, but not for all of them.
        independent = sums.x * sums.x / sums.xx
        return _Limits(0.0, 0.0, None if sums.kind is Kind.MONEY else -math.log(tail) / independent)
    events = ratio * ratio / variance
    low, high = gammaincinv(events, tail), gammaincinv(events + 1.0, 1.0 - tail)
    return _Limits(ratio, ratio * float(low) / events, ratio * float(high) / events)


def _difference(arm: _Limits, baseline: _Limits) -> Estimate:
    value = arm.value - baseline.value
    if arm.high is None or baseline.high is None:
        return Estimate(value)
    below = math.hypot(arm.value - arm.low, baseline.high - baseline.value)
    above = math.hypot(arm.high - arm.value, baseline.value - baseline.low)
    return Estimate(value, value - below, value + above)


def _ratio(arm: _Limits, baseline: _Limits) -> Estimate | None:
    """Without an interval where the baseline may be nothing."""
    if baseline.value <= 0.0:
        return None
    value, product = arm.value / baseline.value, arm.value * baseline.value
    if arm.high is None or baseline.high is None or baseline.low <= 0.0 or arm.low < 0.0:
        return Estimate(value - 1.0)
    under = arm.low * (2.0 * arm.value - arm.low), baseline.high * (2.0 * baseline.value - baseline.high)
    over = arm.high * (2.0 * arm.value - arm.high), baseline.low * (2.0 * baseline.value - baseline.low)
    # In this form it holds also where the upper limit of the baseline is twice its value.
    low = under[0] / (product + math.sqrt(max(0.0, product * product - under[0] * under[1]))) if product else 0.0
    high = (product + math.sqrt(max(0.0, product * product - over[0] * over[1]))) / over[1]
    return Estimate(value - 1.0, max(0.0, low) - 1.0, high - 1.0)


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
