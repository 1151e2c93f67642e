"""How a policy arbitrates: its formula, what a request may have at most, randomised silence, serving again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.orchestrator.domain.arbitration.worth import MONEY, Formula
from services.orchestrator.domain.at_most import AtMost
from services.orchestrator.domain.policy.compiled import CompiledPolicy

Compiled = Callable[[str], CompiledPolicy]
Found = Callable[[str | dict[str, str]], list[str]]

POLICY = """\
policy: p
arbitration: {arbitration}
channels:
  web: {{direction: INBOUND}}
  email: {{direction: OUTBOUND}}
  sms: {{direction: OUTBOUND, randomised_silence: 0.1}}
issues: {{grow: {{business_value: 1}}}}
groups: {{wine: {{issue: grow}}, bread: {{issue: grow}}}}
actions:
  red:
    group: wine
    treatments: {{red_web: {{channel: web}}, red_mail: {{channel: email}}, red_sms: {{channel: sms}}}}
  loaf: {{group: bread, treatments: {{loaf_web: {{channel: web}}}}}}
  bill: {{group: bread, message_class: service, treatments: {{bill_mail: {{channel: email}}}}}}
"""


def policy(compiled: Compiled, arbitration: str) -> CompiledPolicy:
    return compiled(POLICY.format(arbitration=arbitration))


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("lever * propensity * context_weight * business_value - cost", MONEY),
        ("propensity * context_weight * business_value * lever", Formula(cost=False)),
        ("propensity", Formula(context_weight=False, business_value=False, lever=False, cost=False)),
        ("'business_value*lever'", Formula(propensity=False, context_weight=False, cost=False)),
        ("propensity * business_value - cost", Formula(context_weight=False, lever=False)),
    ],
)
def test_a_formula_says_which_terms_priorities_have(compiled: Compiled, text: str, formula: Formula) -> None:
    assert policy(compiled, f"{{formula: {text}}}").settings.formula == formula


def test_money_is_the_formula_where_none_is_written(compiled: Compiled) -> None:
    assert policy(compiled, "{}").settings.formula == MONEY


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("propensity + lever", "1:35"),
        ("propensity * margin", "1:37"),
        ("propensity * propensity", "1:37"),
        ("propensity * lever *", "1:44"),
        ("propensity - lever", "1:35"),
        ("cost", "1:24"),
        ("propensity - cost * lever", "1:35"),
        ("'propensity * 2'", "1:38"),
        ("propensity / lever", "1:35"),
        ("exp(propensity)", "1:24"),
    ],
)
def test_other_formulas_are_refused_where_they_leave_the_language(found: Found, text: str, place: str) -> None:
    assert found(f"arbitration: {{formula: {text}}}") == [f"{place} BAD_FORMULA"]


def test_a_term_that_is_misspelt_is_suggested(messages: Callable[[str], list[str]]) -> None:
    (message,) = messages("arbitration: {formula: propensity * levr}")
    assert "lever" in message


def test_at_most_is_of_a_group_of_an_issue_or_of_each(compiled: Compiled) -> None:
    table = policy(
        compiled, "{at_most: [{group: wine, count: 1}, {issue: grow, count: 3}, {per: group, count: 2}]}"
    ).at_most
    assert table is not None
    assert table.declared == (AtMost("GROUP", 1, "wine"), AtMost("ISSUE", 3, "grow"), AtMost("GROUP", 2))
    assert table.most[:-1].tolist() == [1, 3, 2, 2]
    red, loaf, bill = table.counter.tolist()
    endless = table.most.size - 1
    assert (red[0], loaf[0]) == (0, endless)
    assert loaf == bill
    assert red[1] == loaf[1]
    assert red[2] != loaf[2]


def test_nothing_is_counted_where_nothing_is_declared(compiled: Compiled) -> None:
    bare = policy(compiled, "{}")
    assert (bare.at_most, bare.settings.sticky_ms) == (None, 0)


@pytest.mark.parametrize(
    ("at_most", "expected"),
    [
        ("{group: wines, count: 1}", "1:33 UNKNOWN_GROUP"),
        ("{issue: retail, count: 1}", "1:33 UNKNOWN_ISSUE"),
        ("{group: care, count: 0}", "1:46 OUT_OF_RANGE"),
        ("{group: care, issue: retain, count: 1}", "1:25 CONFLICTING_KEYS"),
        ("{count: 1}", "1:25 MISSING_KEY"),
        ("{group: care}", "1:25 MISSING_KEY"),
        ("{per: action, count: 1}", "1:31 OUT_OF_RANGE"),
    ],
)
def test_what_at_most_cannot_mean_is_refused(found: Found, at_most: str, expected: str) -> None:
    assert found(f"arbitration: {{at_most: [{at_most}]}}") == [expected]


def test_silence_is_of_the_channel_or_else_of_its_direction(compiled: Compiled) -> None:
    silence = policy(compiled, "{randomised_silence: {outbound: 0.02}}").silence
    assert silence is not None
    assert silence.tolist() == [0.0, 0.02, 0.1, 0.0, 0.0]
    assert policy(compiled, "{randomised_silence: {inbound: 0.5}}").silence is not None


def test_without_silence_there_is_no_column(compiled: Compiled) -> None:
    text = POLICY.replace(", randomised_silence: 0.1", "").format(arbitration="{}")
    assert compiled(text).silence is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arbitration: {randomised_silence: {outbound: 1.5}}", "1:46 OUT_OF_RANGE"),
        ("arbitration: {randomised_silence: {email: 0.1}}", "1:36 UNKNOWN_KEY"),
        ("arbitration: {sticky: 0s}", "1:23 OUT_OF_RANGE"),
        ("arbitration: {sticky: soon}", "1:23 WRONG_TYPE"),
    ],
)
def test_silence_is_a_probability_and_sticky_a_duration(found: Found, text: str, expected: str) -> None:
    assert found(text) == [expected]


def test_sticky_is_a_duration(compiled: Compiled) -> None:
    assert policy(compiled, "{sticky: 30m}").settings.sticky_ms == 1_800_000
