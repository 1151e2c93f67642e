"""From a line-up to a contest: every candidate with its price, without those that have none.

Rows are the line-up's, place by place; columns are float64[C] unless drawn otherwise:

    option int32[C]    action int32[C]    starts intp[places + 1]    prices, worth
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.worth import MONEY, Column, Formula, Prices, Worth, worth_of
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.drops import Check, DropBlock
from services.orchestrator.domain.lineup import Indices, Lineup, Mask, NoActionReason

BUSINESS_VALUE = "business_value"
CONTEXT_WEIGHT = "context_weight"
UNDECLARED = 1.0
"""What a number counts as for an action of which the policy does not say it."""


@dataclass(frozen=True, slots=True, eq=False)
class ActionNumbers:
    """float64[A], NaN for actions without a number."""

    business_value: Column
    context_weight: Column


def action_numbers(eligible: Indices, numbers: Mapping[str, Column], declared: Mapping[str, Mask]) -> ActionNumbers:
    """The policy's numbers of the eligible actions (float64[E] by name) as columns of all actions.

    `declared` bool[A] by name: whether the policy says the number of an action. What it says and cannot be computed is
    NaN.
    """

    def spread(name: str) -> Column:
        column = np.where(declared[name], np.nan, UNDECLARED)
        if name in numbers:
            is_said = declared[name][eligible]
            column[eligible[is_said]] = numbers[name][is_said]
        return column

    return ActionNumbers(spread(BUSINESS_VALUE), spread(CONTEXT_WEIGHT))


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """Candidates that can be compared in money; the columns drawn above."""

    option: Indices
    action: Indices
    starts: NDArray[np.intp]
    prices: Prices
    worth: Worth
    drops: tuple[DropBlock, ...]
    empty_reasons: tuple[NoActionReason | None, ...]

    @property
    def size(self) -> int:
        return int(self.option.size)

    def place_of_row(self) -> NDArray[np.intp]:
        return np.repeat(np.arange(self.starts.size - 1), np.diff(self.starts))


def price(catalogue: Catalogue, lineup: Lineup, numbers: ActionNumbers, formula: Formula = MONEY) -> Contest:
    """Prices every candidate. One whose value or weight is unknown, or beyond all numbers, is dropped, unless the
    formula goes without: then it counts as 0 in what is answered."""
    prices = _prices(catalogue, lineup.option, numbers)
    worth = worth_of(prices, formula)
    priced = np.isfinite(worth.slope) & np.isfinite(worth.offset)
    rows = np.flatnonzero(priced)
    starts = np.concatenate(([0], np.cumsum(priced)))[lineup.starts].astype(np.intp)
    option = lineup.option[rows]
    return Contest(
        option,
        catalogue.option_action[option],
        starts,
        Prices(*(np.nan_to_num(column[rows]) for column in _columns(prices))),
        worth.take(rows),
        (*lineup.drops, *_unpriced(catalogue, lineup.option, prices, ~priced)),
        _empty_reasons(lineup, starts),
    )


def with_learnt_values(contest: Contest, is_learnt: Mask, amounts: Column, formula: Formula = MONEY) -> Contest:
    """Those who are to be (bool[C]) are worth what was learnt instead, `amounts` float64[C]; not where that would be
    beyond all numbers. What a contact takes from others, and adds to pressure, is still subtracted."""
    prices = replace(contest.prices, business_value=np.where(is_learnt, amounts, contest.prices.business_value))
    worth = worth_of(prices, formula)
    usable = is_learnt & np.isfinite(worth.slope) & np.isfinite(worth.offset)
    values = np.where(usable, amounts, contest.prices.business_value)
    prices = replace(prices, business_value=values)
    worth = worth_of(prices, formula)
    for cost in prices.extra_costs:
        worth = replace(worth, offset=worth.offset - cost)
    return replace(contest, prices=prices, worth=worth)


def _prices(catalogue: Catalogue, option: Indices, numbers: ActionNumbers) -> Prices:
    action = catalogue.option_action[option]
    return Prices(
        catalogue.lever[action],
        numbers.business_value[action],
        numbers.context_weight[action],
        catalogue.option_cost[option],
    )


def _columns(prices: Prices) -> tuple[Column, Column, Column, Column]:
    return prices.lever, prices.business_value, prices.context_weight, prices.cost


def _unpriced(catalogue: Catalogue, option: Indices, prices: Prices, out: Mask) -> list[DropBlock]:
    if not out.any():
        return []
    weightless = out & np.isfinite(prices.business_value) & ~np.isfinite(prices.context_weight)
    blocks = []
    for check, rows in ((Check.BUSINESS_VALUE, out & ~weightless), (Check.CONTEXT_WEIGHT, weightless)):
        dropped = np.unique(option[rows])
        action, channel = catalogue.option_action[dropped], catalogue.option_channel[dropped]
        blocks.append(DropBlock.of(check, action, channel))
    return [block for block in blocks if block.size]


def _empty_reasons(lineup: Lineup, starts: NDArray[np.intp]) -> tuple[NoActionReason | None, ...]:
    sizes = np.diff(starts)
    return tuple(
        NoActionReason.NOT_PRICED if reason is None and not size else reason
        for reason, size in zip(lineup.empty_reasons, sizes, strict=True)
    )
