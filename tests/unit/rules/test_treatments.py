"""Rules of treatments and of channels: below an action, and beside the tree."""

from __future__ import annotations

from typing import Any

import pytest

from services.rules.domain.evaluation import Explain
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.indexed.policy import IndexedPolicy
from services.rules.domain.rule_set import NumberExpression, Rule, RuleSet, Scope, ScopeLevel, Stage
from services.rules.domain.written import OnUnknown
from shared.values import AttributeType, present
from tests.support.rules import BRANCH, NOW_MS, compiled, declarations, evaluate, findings, offer

TYPES = {"age": AttributeType.INT, "tier": AttributeType.STRING}
ADULT = Rule("adult", Stage.ELIGIBILITY, "age >= 18")
GOLD = Rule("gold", Stage.SUITABILITY, "tier == 'gold'")
YOUNG = {"age": present(12), "tier": present("gold")}
PLAIN = {"age": present(40), "tier": present("tin")}


def treatment(name: str, action: str, channel: str, *rules: Rule) -> Scope:
    return Scope(ScopeLevel.TREATMENT, name, action, rules=rules, channel=channel)


def channel(name: str, *rules: Rule) -> Scope:
    return Scope(ScopeLevel.CHANNEL, name, rules=rules)


def boutique(*scopes: Scope, rules: tuple[Rule, ...] = ()) -> RuleSet:
    offers = offer("one", rules, {"limit": 18}), offer("two", (), {"limit": 50})
    return RuleSet(declarations(TYPES), (), (*BRANCH, *offers, *scopes))


def test_a_rule_of_a_treatment_drops_that_treatment_alone() -> None:
    content = boutique(treatment("mail", "one", "EMAIL", ADULT), treatment("banner", "one", "WEB"))
    answer = evaluate(content, YOUNG)
    assert (answer.eligible_actions, answer.dropped_treatments) == (["one", "two"], ("mail",))
    assert evaluate(content, PLAIN).dropped_treatments == ()
    assert sum(answer.dropped_by_stage.values()) == 0


def test_a_rule_of_a_channel_drops_every_treatment_on_it() -> None:
    treatments = treatment("m1", "one", "EMAIL"), treatment("m2", "two", "EMAIL"), treatment("w1", "one", "WEB")
    answer = evaluate(boutique(*treatments, channel("EMAIL", ADULT), channel("SMS", GOLD)), YOUNG)
    assert (answer.eligible_actions, answer.dropped_treatments) == (["one", "two"], ("m1", "m2"))


def test_the_treatments_of_an_action_that_fell_are_not_told_apart() -> None:
    content = boutique(treatment("mail", "one", "EMAIL", ADULT), rules=(ADULT,))
    answer = evaluate(content, YOUNG)
    assert (answer.eligible_actions, answer.dropped_treatments) == (["two"], ())
    assert [(each.action, each.treatment) for each in answer.dropped] == [("one", "")]


def test_a_dropped_treatment_comes_with_its_earliest_stage_rule_and_what_was_read() -> None:
    content = boutique(
        treatment("mail", "two", "EMAIL", GOLD, ADULT), channel("EMAIL", Rule("c", Stage.SUITABILITY, "false"))
    )
    (reason,) = evaluate(content, YOUNG, Explain.REASONS).dropped
    assert (reason.action, reason.treatment, reason.stage, reason.rule_id) == (
        "two",
        "mail",
        Stage.ELIGIBILITY,
        "adult",
    )
    assert (reason.attribute, reason.observed, reason.threshold) == ("age", 12, ">= 18")
    (reason,) = evaluate(content, PLAIN, Explain.REASONS).dropped
    assert (reason.stage, reason.rule_id) == (Stage.SUITABILITY, "c"), "the rules of the channel come first"


def test_reasons_of_treatments_are_asked_for_by_their_action() -> None:
    content = boutique(treatment("m1", "one", "EMAIL", ADULT), treatment("m2", "two", "EMAIL", ADULT))
    answer = compiled(content).evaluate(YOUNG, NOW_MS, Explain.REASONS, ("two",))
    assert [each.treatment for each in answer.dropped] == ["m2"]
    assert answer.dropped_treatments == ("m1", "m2")


def test_conditions_of_treatments_and_channels_read_the_constants_of_the_action() -> None:
    rule = Rule("limit", Stage.ELIGIBILITY, "age >= action.limit && action.id != ''")
    treatments = treatment("m1", "one", "EMAIL"), treatment("m2", "two", "EMAIL"), treatment("w2", "two", "WEB", rule)
    answer = evaluate(boutique(*treatments, channel("EMAIL", rule)), PLAIN)
    assert answer.dropped_treatments == ("m2", "w2")


def test_unknown_and_suppression_mean_for_treatments_what_they_mean_for_actions() -> None:
    bought = Rule("bought", Stage.SUPPRESSION, "tier == 'gold'")
    lenient = Rule("lenient", Stage.ELIGIBILITY, "age >= 18", OnUnknown.PASS)
    content = boutique(treatment("a", "one", "EMAIL", bought), treatment("b", "one", "WEB", lenient))
    assert evaluate(content, {}).dropped_treatments == ("a",)
    assert evaluate(content, {"tier": present("tin"), "age": present(3)}).dropped_treatments == ("b",)


def test_without_rules_treatments_take_no_bits() -> None:
    def policy(*scopes: Scope) -> IndexedPolicy:
        found = IndexedEngine().compile(boutique(*scopes, rules=(ADULT,))).policy
        assert isinstance(found, IndexedPolicy)
        return found

    bare, idle = policy(), policy(treatment("mail", "one", "EMAIL"), channel("SMS", GOLD))
    assert bare.units.count == idle.units.count == 2
    assert policy(treatment("mail", "one", "EMAIL", GOLD)).units.count == 3


@pytest.mark.parametrize(
    ("scopes", "code", "part"),
    [
        ([treatment("m", "none", "EMAIL")], "UNKNOWN_PARENT", "below ACTION 'none'"),
        ([treatment("m", "one", "")], "BAD_NAME", "TREATMENT 'm' is for the channel ''"),
        ([treatment("m", "one", "A"), treatment("m", "two", "A")], "DUPLICATE_SCOPE", "2 TREATMENT 'm' scopes"),
        ([channel("A"), channel("A")], "DUPLICATE_SCOPE", "2 CHANNEL 'A' scopes"),
        ([channel("")], "BAD_NAME", "'' is no id"),
        ([Scope(ScopeLevel.CHANNEL, "A", "one")], "UNKNOWN_PARENT", "channels stand beside the tree"),
        ([Scope(ScopeLevel.ISSUE, "i", channel="A")], "MISPLACED_ATTRIBUTES", "has a channel"),
        ([Scope(ScopeLevel.CHANNEL, "A", attributes={"a": 1})], "MISPLACED_ATTRIBUTES", "has attributes"),
        (
            [Scope(ScopeLevel.CHANNEL, "A", numbers=(NumberExpression("value", "1.0"),))],
            "MISPLACED_ATTRIBUTES",
            "has numbers",
        ),
    ],
)
def test_a_treatment_or_channel_that_is_out_of_place_is_found(scopes: list[Scope], code: str, part: str) -> None:
    (found,) = findings(boutique(*scopes))
    assert (found.code, part in found.message) == (code, True)


def test_a_wrong_condition_of_a_channel_is_found_even_without_treatments() -> None:
    (found,) = findings(boutique(channel("A", Rule("r", Stage.ELIGIBILITY, "agee > 3"))))
    assert found.code == "UNKNOWN_ATTRIBUTE"


def test_more_treatments_or_rules_than_allowed_are_refused() -> None:
    many: Any = [treatment(f"t{place}", "one", "A") for place in range(20_001)]
    assert [each.message for each in findings(boutique(*many))] == ["there are 20001 treatments; 20000 are allowed"]
    rules = tuple(Rule(f"r{place}", Stage.ELIGIBILITY, "age >= 18") for place in range(1_001))
    scopes = [treatment(f"t{place}", "one", "A", *rules) for place in range(200)]
    assert [each.message for each in findings(boutique(*scopes))] == ["there are 200200 rules; 200000 are allowed"]
