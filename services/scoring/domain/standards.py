"""What is usual of each number that customers have: its mean and deviation so far, on the scale of `magnitude`.

A number tells by how far it is from the usual one. Whatever its unit, most customers are then within 2 of zero, so
that one prior suits the weights of all numbers. Both are running figures (Welford 1962) over the presentations that
were learnt from, and part of what was learnt: replicas that fold the same log standardise alike. PRIOR_COUNT
observations of deviation 1 are there from the beginning, so that the first few numbers are not taken for extremes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from shared.values import Feature, Value

PRIOR_COUNT = 10.0
MAX_DEVIATIONS = 4.0
"""A wild number must not outweigh all else."""
_UNIT = 0.01  # resolution near zero: rates and prices, not only counts


def magnitude(number: float) -> float:
    """A signed logarithm: counts and money are skewed."""
    return math.copysign(math.log1p(min(abs(number), 1e300) / _UNIT), number)


@dataclass(frozen=True, slots=True)
class Standard:
    """Of one number: how many there were, their mean, and the sum of their squared distances from it."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def after(self, number: float) -> Standard:
        away = magnitude(number) - self.mean
        mean = self.mean + away / (self.count + 1)
        return Standard(self.count + 1, mean, self.squares + away * (magnitude(number) - mean))

    def of(self, number: float) -> float:
        """Deviations from the mean; 0 before there is one."""
        if not self.count:
            return 0.0
        deviation = math.sqrt((self.squares + PRIOR_COUNT) / (self.count + PRIOR_COUNT))
        return min(max((magnitude(number) - self.mean) / deviation, -MAX_DEVIATIONS), MAX_DEVIATIONS)


Standards = Mapping[str, Standard]
UNKNOWN = Standard()


def is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def take(standards: dict[str, Standard], features: Mapping[str, Feature]) -> None:
    """One more presentation, in place."""
    for name, feature in features.items():
        if feature.is_known and isinstance(feature.value, int | float) and is_number(feature.value):
            standards[name] = standards.get(name, UNKNOWN).after(feature.value)
