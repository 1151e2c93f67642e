"""Currencies, windows of responses and what conversions count, as policies write them."""

from __future__ import annotations

import pytest

from services.orchestrator.domain.conversion_match import ConversionMatch, MatchKind
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from tests.support.shop_policy import edited

NAME = "policy: corner_shop\n"
BUY = "  buy: {outcomes: [CONVERTED], window: 7d, conversions: {match: sku, attribute: kind}}\n"
MAIL = "green_tea_mail: {channel: email,"


def compiled(changes: dict[str, str]) -> CompiledPolicy:
    result = compile_policy(edited(changes))
    assert result.policy is not None, result.findings
    return result.policy


def test_rates_of_currencies_and_windows_of_treatments_are_read() -> None:
    policy = compiled(
        {
            NAME: f"{NAME}currencies: {{USD: 0.92, JPY: 0.006}}\nobjectives:\n{BUY}",
            MAIL: f"{MAIL} response_window: 3d,",
        }
    )
    assert policy.settings.currencies.own == "EUR"
    assert policy.settings.exchange_rates == {"USD": 0.92, "JPY": 0.006}
    assert policy.response_windows == {"green_tea_mail": 3 * 86_400_000}
    assert policy.objectives[0].conversions == ConversionMatch(MatchKind.SKU, "kind")


def test_a_policy_that_says_nothing_knows_its_own_currency_alone() -> None:
    policy = compiled({})
    assert (policy.settings.exchange_rates, policy.response_windows) == ({}, {})


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({NAME: f"{NAME}currencies: {{usd: 0.92}}\n"}, "BAD_IDENTIFIER", ":3:14"),
        ({NAME: f"{NAME}currencies: {{EUR: 1.0}}\n"}, "CONTRADICTION", ":3:14"),
        ({NAME: f"{NAME}currencies: {{USD: 0}}\n"}, "OUT_OF_RANGE", ":3:19"),
        ({NAME: f"{NAME}currencies: {{USD: .inf}}\n"}, "OUT_OF_RANGE", ":3:19"),
        ({MAIL: f"{MAIL} response_window: 5s,"}, "OUT_OF_RANGE", ""),
        ({NAME: f"{NAME}objectives:\n{BUY.replace('window: 7d, ', '')}"}, "MISSING_KEY", ""),
        ({NAME: f"{NAME}objectives:\n{BUY.replace('CONVERTED', 'CLICKED')}"}, "CONTRADICTION", ""),
        ({NAME: f"{NAME}objectives:\n{BUY.replace('attribute: kind', 'attribute: knd')}"}, "UNKNOWN_ATTRIBUTE", ""),
        ({NAME: f"{NAME}objectives:\n{BUY.replace('match: sku', 'match: any')}"}, "CONTRADICTION", ""),
        ({NAME: f"{NAME}objectives:\n{BUY.replace('match: sku', 'match: basket')}"}, "OUT_OF_RANGE", ""),
        (
            {NAME: f"{NAME}objectives:\n{BUY.replace('match: sku, attribute: kind', 'match: coupon')}"},
            "UNKNOWN_ATTRIBUTE",
            "",
        ),
    ],
)
def test_what_cannot_be_meant_is_found_where_it_stands(changes: dict[str, str], code: str, place: str) -> None:
    result = compile_policy(edited(changes))
    assert result.policy is None
    (finding,) = [each for each in result.findings if each.is_error]
    assert finding.code == code
    assert f":{finding.place.line}:{finding.place.column}".endswith(place)
