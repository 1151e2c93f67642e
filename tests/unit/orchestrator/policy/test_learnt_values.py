"""Policies that want to know what successes are worth."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy.schema import policy_schema

Compiled = Callable[[str], CompiledPolicy]

SHOP = """\
policy: shop
currency: CHF
channels: {web: {direction: INBOUND}}
issues: {grow: {business_value: 2}}
groups: {tea: {issue: grow}, tips: {issue: grow, value: declared}, coffee: {issue: grow, value: LEARNT}}
actions:
  green: {group: tea, treatments: {green_web: {channel: web, content: {en: {title: Green}}}}}
  brew: {group: tips, treatments: {brew_web: {channel: web, content: {en: {title: Brew}}}}}
  beans: {group: coffee, treatments: {beans_web: {channel: web, content: {en: {title: Beans}}}}}
"""
BUY = "objectives: {buy: {outcomes: [converted], prior_value: 40}, click: {outcomes: [clicked]}}\n"


@pytest.mark.parametrize(
    ("arbitration", "expected"),
    [
        ("{objective: buy}", [False, False, True]),
        ("{objective: buy, value: learnt}", [True, False, True]),
        ("{objective: buy, value: DECLARED}", [False, False, True]),
    ],
)
def test_a_group_says_for_itself_and_the_arbitration_for_the_others(
    compiled: Compiled, arbitration: str, expected: list[bool]
) -> None:
    policy = compiled(f"{SHOP}{BUY}arbitration: {arbitration}\n")
    assert policy.learnt_values is not None
    assert policy.learnt_values.tolist() == expected


def test_who_wants_nothing_learnt_has_no_column(compiled: Compiled) -> None:
    policy = compiled(SHOP.replace(", value: LEARNT", "") + BUY + "arbitration: {objective: buy}\n")
    assert policy.learnt_values is None


def test_the_objective_learns_amounts_in_the_currency_of_the_policy(compiled: Compiled) -> None:
    policy = compiled(f"{SHOP}{BUY}arbitration: {{objective: buy}}\n")
    assert [(each.name, each.currency) for each in policy.objectives] == [("buy", "CHF"), ("click", "")]
    assert [each.prior_value for each in policy.feature_sets] == [40.0, 0.0]


CASES = {
    "nothing expected": ("objectives: {buy: {outcomes: [converted], prior_value: 0}}", "1:56 OUT_OF_RANGE"),
    "a loss expected": ("objectives: {buy: {outcomes: [converted], prior_value: -4}}", "1:56 OUT_OF_RANGE"),
    "too much expected": ("objectives: {buy: {outcomes: [converted], prior_value: 1e13}}", "1:56 OUT_OF_RANGE"),
    "words expected": ("objectives: {buy: {outcomes: [converted], prior_value: much}}", "1:56 WRONG_TYPE"),
    "from where": (BUY + "arbitration: {objective: buy, value: guessed}", "2:38 OUT_OF_RANGE"),
    "the other objective decides": (
        BUY + "arbitration: {objective: click, value: learnt}",
        "2:40 MISSING_KEY",
    ),
    "no objective": ("arbitration: {value: learnt}", "1:22 MISSING_KEY"),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_wrong_is_found_where_it_is_written(text: str, expected: str) -> None:
    shop = SHOP.replace(", value: LEARNT", "")
    found = compile_policy({"a.yaml": shop.encode(), "b.yaml": text.encode()}).findings
    assert [f"{each.place.line}:{each.place.column} {each.code}" for each in found] == [expected]


def test_a_group_that_wants_what_nobody_learns_is_told_what_to_declare() -> None:
    text = SHOP + "objectives: {buy: {outcomes: [converted]}}\n"
    (found,) = compile_policy({"a.yaml": text.encode()}).findings
    assert (found.place.line, found.message) == (
        5,
        'value: LEARNT needs an objective that learns amounts: declare "buy" with a prior_value',
    )


def test_editors_know_the_keys() -> None:
    schema = str(policy_schema())
    assert "prior_value" in schema
    assert "LEARNT" in schema
