"""What candidates are worth: priority as a straight line of the propensity.

    priority(p) = (lever × context_weight × max(business_value, 0) + min(business_value, 0)) × p − cost
                = slope × p + offset

Levers and context weights touch only the positive part: a loss is never amplified by wishing for it.
All columns are float64[C].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What the policy says of each candidate. `business_value` and `context_weight` are NaN where they read something
    unknown."""

    lever: Column
    business_value: Column
    context_weight: Column
    cost: Column


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """Money expected of each candidate, as a line of its propensity."""

    slope: Column
    offset: Column

    def at(self, propensity: Column) -> Column:
        """The priority at a propensity; NaN for a candidate that cannot be priced."""
        return self.slope * propensity + self.offset

    def take(self, rows: NDArray[np.intp]) -> Worth:
        return Worth(self.slope[rows], self.offset[rows])


def worth_of(prices: Prices) -> Worth:
    """The line of each candidate. A negative context weight counts as 0."""
    weight = prices.lever * np.maximum(prices.context_weight, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        slope = weight * np.maximum(prices.business_value, 0.0) + np.minimum(prices.business_value, 0.0)
    return Worth(slope, -prices.cost)
