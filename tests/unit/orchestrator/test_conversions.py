"""What came back of a purchase, and money of several currencies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.conversion import Conversion, Line, is_returned, remaining, settled
from services.orchestrator.domain.conversion_match import ConversionMatch, MatchKind
from services.orchestrator.domain.currency import Currencies, Money
from shared.errors import InvalidArgument
from tests.support.conversions import UNIT, back, purchase, reversal

EUR = Currencies("EUR", {"USD": 0.92})

bought_lines = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.integers(0, 10**9), st.integers(-(10**9), 10**9)),
    min_size=1,
    max_size=6,
).map(lambda drawn: tuple(Line(sku, float(quantity), revenue, margin) for sku, quantity, revenue, margin in drawn))
wishes = st.lists(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0.1, 6)), max_size=3), max_size=6)


@given(bought_lines, wishes)
def test_whatever_comes_back_never_more_is_paid_back_than_was_paid(
    lines: tuple[Line, ...], asked: list[list[tuple[str, float]]]
) -> None:
    bought = purchase("c_1", *lines)
    taken: list[Conversion] = []
    refused: list[str] = []
    for index, wish in enumerate(asked):
        told = reversal(f"x_{index}", "c_1", *(back(sku, quantity) for sku, quantity in wish))
        try:
            taken.append(settled(told, bought, taken, "conversions[0]"))
        except InvalidArgument as fault:
            refused.append(fault.metadata["field"])
        left = remaining(bought, taken)
        assert all(held.quantity > 0 and held.revenue >= 0 for held in left.values())
        assert sum(each.revenue for each in taken) <= bought.revenue
    rest = settled(reversal("x_rest", "c_1"), bought, taken, "conversions[0]")
    taken.append(rest)
    assert all(each.startswith("conversions[0].lines[") for each in refused)
    assert is_returned(bought, taken)
    assert sum(each.revenue for each in taken) == bought.revenue
    assert sum(each.margin for each in taken) == bought.margin


def test_some_articles_may_be_back_while_others_are_not() -> None:
    bought = purchase("c_1", Line("tea", 1.0, UNIT, 0), Line("cup", 1.0, UNIT, 0))
    partly = [settled(reversal("x_1", "c_1", back("tea", 1.0)), bought, [], "")]
    assert is_returned(bought, partly, frozenset({"tea"}))
    assert not is_returned(bought, partly, frozenset({"tea", "cup"}))
    assert not is_returned(bought, partly)
    assert not is_returned(bought, [])


@pytest.mark.parametrize(
    ("money", "quantity", "expected"),
    [
        (Money("EUR", 12, 500_000_000), 1.0, 12_500_000),
        (Money("USD", 10, 0), 1.0, 9_200_000),
        (Money("EUR", 0, 100_000_000), 3.0, 300_000),
        (Money("EUR", -1, -5_000_000), 1.0, -1_005_000),
        (Money("EUR", 10**12, 0), 1.0, 10**18),
    ],
)
def test_money_is_worth_what_the_rate_says_to_a_millionth(money: Money, quantity: float, expected: int) -> None:
    assert EUR.millionths(money, "revenue", quantity) == expected


@pytest.mark.parametrize(
    ("money", "quantity", "reason"),
    [
        (Money("CHF", 1, 0), 1.0, "NO_EXCHANGE_RATE"),
        (Money("EUR", 10**12, 1), 1.0, "INVALID_FIELD"),
        (Money("EUR", 2**63 - 1, 999_999_999), 1e9, "INVALID_FIELD"),
        (Money("EUR", 0, -1), 1.0, "INVALID_FIELD"),
    ],
)
def test_money_that_cannot_be_counted_names_its_field(money: Money, quantity: float, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        EUR.owed(money, "items[0].revenue", quantity)
    assert (refused.value.reason, refused.value.metadata["field"]) == (reason, "items[0].revenue")


def test_a_match_is_what_the_policy_says() -> None:
    bought = purchase("c_1", Line("tea", 1.0), coupon=" tea15 ")
    coupon, sku = ConversionMatch(MatchKind.COUPON, "coupon_code"), ConversionMatch(MatchKind.SKU, "sku")
    assert ConversionMatch(MatchKind.ANY).is_met(bought, None)
    assert (coupon.is_met(bought, "TEA15"), coupon.is_met(bought, ("A", "Tea15")), coupon.is_met(bought, "B")) == (
        *(True, True, False),
    )
    assert not coupon.is_met(purchase("c_2"), "")
    assert (sku.is_met(bought, "tea"), sku.is_met(bought, ("cup", "tea")), sku.is_met(bought, None)) == (
        *(True, True, False),
    )
