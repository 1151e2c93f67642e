"""Priorities in money."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.arbitration.worth import Formula, Prices, worth_of

MONEY = st.floats(-1e6, 1e6)
FACTOR = st.floats(0.0, 100.0)
PROPENSITY = st.floats(0.0, 1.0)


def priority(value: float, propensity: float, *, lever: float = 1.0, weight: float = 1.0, cost: float = 0.0) -> float:
    prices = Prices(np.array([lever]), np.array([value]), np.array([weight]), np.array([cost]))
    return float(worth_of(prices).at(np.array([propensity]))[0])


def test_priority_is_expected_money_after_cost() -> None:
    assert priority(40.0, 0.25, lever=1.2, weight=0.5, cost=0.1) == pytest.approx(1.2 * 0.25 * 0.5 * 40.0 - 0.1)


@given(MONEY, PROPENSITY, FACTOR, FACTOR)
def test_levers_and_weights_never_amplify_a_loss(value: float, propensity: float, lever: float, weight: float) -> None:
    amplified = priority(value, propensity, lever=lever, weight=weight)
    assert amplified >= min(0.0, value) * propensity


@given(MONEY, PROPENSITY, FACTOR, st.floats(1.0, 10.0))
def test_raising_a_lever_never_lowers_a_priority(value: float, propensity: float, lever: float, factor: float) -> None:
    assert priority(value, propensity, lever=lever * factor) >= priority(value, propensity, lever=lever)


def test_a_negative_weight_counts_as_none() -> None:
    assert priority(40.0, 0.5, weight=-3.0) == 0.0


def test_what_reads_something_unknown_has_no_price() -> None:
    assert np.isnan(priority(float("nan"), 0.5))
    assert np.isnan(priority(40.0, 0.5, weight=float("nan")))


def test_a_formula_has_the_terms_it_names() -> None:
    prices = Prices(np.array([2.0]), np.array([10.0]), np.array([3.0]), np.array([0.5]))
    lines = {
        "P × C × V × L": (Formula(cost=False), 60.0, 0.0),
        "P − cost": (Formula(context_weight=False, business_value=False, lever=False), 1.0, -0.5),
        "V × L": (Formula(propensity=False, context_weight=False, cost=False), 0.0, 20.0),
    }
    for formula, slope, offset in lines.values():
        worth = worth_of(prices, formula)
        assert (worth.slope.tolist(), worth.offset.tolist()) == ([slope], [offset])


def test_no_formula_lets_a_lever_amplify_a_loss() -> None:
    prices = Prices(np.array([9.0]), np.array([-10.0]), np.array([9.0]), np.array([0.0]))
    assert worth_of(prices, Formula(cost=False)).slope.tolist() == [-10.0]


def test_what_a_formula_leaves_out_need_not_be_known() -> None:
    unknown = Prices(np.array([2.0]), np.array([np.nan]), np.array([np.nan]), np.array([0.5]))
    formula = Formula(context_weight=False, business_value=False)
    assert worth_of(unknown, formula).at(np.array([0.25])).tolist() == [0.0]
