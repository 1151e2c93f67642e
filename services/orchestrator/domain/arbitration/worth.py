"""What candidates are worth: priority as a straight line of the propensity.

    priority(p) = (lever × context_weight × max(business_value, 0) + min(business_value, 0)) × p − cost
                = slope × p + offset

Levers and context weights touch only the positive part: a loss is never amplified by wishing for it. A policy may
declare a formula with fewer of these terms, the classic P × C × V × L for instance, which has no cost. What a formula
leaves out counts as 1, the cost as 0; without the propensity the line is flat.

All columns are float64[C].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Formula:
    """Which terms priorities have."""

    propensity: bool = True
    context_weight: bool = True
    business_value: bool = True
    lever: bool = True
    cost: bool = True


MONEY = Formula()
"""What a candidate is expected to bring."""


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What the policy says of each candidate. `business_value` and `context_weight` are NaN where they read something
    unknown."""

    lever: Column
    business_value: Column
    context_weight: Column
    cost: Column
    resource_cost: Column | None = None
    """Of what a contact takes from others, at the prices of resources; None where nothing has a price."""
    pressure_cost: Column | None = None
    """Of what a contact will cost later, by the pressure that it adds to; None where nothing has a price."""

    @property
    def extra_costs(self) -> tuple[Column, ...]:
        """Beside the cost of the contact itself."""
        return tuple(each for each in (self.resource_cost, self.pressure_cost) if each is not None)


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


def worth_of(prices: Prices, formula: Formula = MONEY) -> Worth:
    """The line of each candidate. A negative context weight counts as 0."""
    ones = np.ones_like(prices.cost)
    weight = prices.lever if formula.lever else ones
    if formula.context_weight:
        weight = weight * np.maximum(prices.context_weight, 0.0)
    value = prices.business_value if formula.business_value else ones
    with np.errstate(over="ignore", invalid="ignore"):
        gain = weight * np.maximum(value, 0.0) + np.minimum(value, 0.0)
    cost = prices.cost if formula.cost else 0.0 * ones
    return Worth(gain, -cost) if formula.propensity else Worth(0.0 * ones, gain - cost)
