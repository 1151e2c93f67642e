"""What is proposed to make a dropped action pass, in words of single rules."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta

import pytest

from services.rules.domain.evaluation import Explain
from services.rules.domain.rule_set import AttributeDeclaration, Rule, RuleSet, Scope, ScopeLevel, Segment, Stage
from services.rules.domain.why import smallest_change
from services.rules.domain.why.change import NoChange, SmallestChange
from services.rules.domain.written import OnUnknown
from shared.values import NOT_FOUND, NULL, AttributeType, Feature, FeatureStatus, Value, present
from tests.support.rules import BRANCH, NOW_TIME, evaluate, offer

DAY = timedelta(days=1)
ATTRIBUTES = (
    AttributeDeclaration("age", AttributeType.INT, (), immutable=True),
    AttributeDeclaration("visits", AttributeType.INT),
    AttributeDeclaration("spend", AttributeType.DOUBLE),
    AttributeDeclaration("tier", AttributeType.STRING, ("tin", "silver", "gold")),
    AttributeDeclaration("city", AttributeType.STRING),
    AttributeDeclaration("is_vip", AttributeType.BOOL),
    AttributeDeclaration("brands", AttributeType.STRING_LIST),
    AttributeDeclaration("flags", AttributeType.BOOL_LIST),
    AttributeDeclaration("seen", AttributeType.TIMESTAMP),
)
FACTS = {
    "age": present(16),
    "visits": present(3),
    "spend": present(10.0),
    "tier": present("tin"),
    "city": present("oslo"),
    "is_vip": present(False),
    "brands": present(("asics",)),
    "flags": present((True,)),
    "seen": present(NOW_TIME - 3 * DAY),
}


def condition(when: str, stage: Stage = Stage.ELIGIBILITY, on_unknown: OnUnknown = OnUnknown.FAIL) -> Rule:
    return Rule(f"{stage.name}: {when}", stage, when, on_unknown)


def found(
    *rules: str | Rule, facts: dict[str, Feature] | None = None, segments: Iterable[Segment] = ()
) -> SmallestChange:
    """The answer for one action with these rules, checked by evaluating it again."""
    written = [condition(each) if isinstance(each, str) else each for each in rules]
    content = RuleSet(ATTRIBUTES, tuple(segments), (*BRANCH, offer("offer", written)))
    known = FACTS | (facts or {})
    (dropped,) = evaluate(content, known).dropped
    change = dropped.smallest_change
    assert change is not None
    if change.changes:
        changed = {
            each.attribute: NOT_FOUND if each.needed is None else present(each.needed) for each in change.changes
        }
        assert evaluate(content, {**known, **changed}, Explain.NONE).eligible_actions == ["offer"], change
    return change


def needed(*rules: str | Rule, facts: dict[str, Feature] | None = None) -> dict[str, Value]:
    change = found(*rules, facts=facts)
    assert change.none_because is None
    return {each.attribute: each.needed for each in change.changes}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("visits >= 5", {"visits": 5}),
        ("visits > 5", {"visits": 6}),
        ("visits != 3", {"visits": 4}),
        ("visits in [0, 9, 4]", {"visits": 4}),
        ("visits < 2 || visits > 9", {"visits": 1}),
        ("visits > 9223372036854775806", {"visits": 2**63 - 1}),
        ("spend >= 250.0", {"spend": 250.0}),
        ("spend > 250.0", {"spend": 250.01}),
        ("spend < 0.5", {"spend": 0.49999}),
        ("spend > 10.0 && spend < 10.0000001", {"spend": math.nextafter(10.0, 11.0)}),
        ("tier == 'gold'", {"tier": "gold"}),
        ("tier != 'tin'", {"tier": "silver"}),
        ("city.startsWith('par') && city.endsWith('is')", {"city": "paris"}),
        ("city.contains('ar') && size(city) == 5", {"city": "xxxar"}),
        ("city > 'p' && city < 'q'", {"city": "p!"}),
        ("is_vip", {"is_vip": True}),
        ("'nike' in brands", {"brands": ("asics", "nike")}),
        ("!('asics' in brands)", {"brands": ()}),
        ("size(brands) >= 3", {"brands": ("asics", "other", "other_1")}),
        ("size(brands) == 1 && 'nike' in brands", {"brands": ("nike",)}),
        ("size(flags) == 3 && !(false in flags)", {"flags": (True, True, True)}),
        ("days_since(seen) > 90", {"seen": NOW_TIME - 91 * DAY}),
        ("days_since(seen) == 0", {"seen": NOW_TIME - DAY + timedelta(milliseconds=1)}),
        ("hours_since(seen) <= 2", {"seen": NOW_TIME - timedelta(hours=3) + timedelta(milliseconds=1)}),
        ("seen > now()", {"seen": NOW_TIME + timedelta(milliseconds=1)}),
        ('seen <= timestamp("2026-01-01T00:00:00Z")', {"seen": NOW_TIME.replace(month=1, day=1, hour=0)}),
        ("visits > 5 && tier == 'gold'", {"visits": 6, "tier": "gold"}),
        ("visits > 5000 || tier == 'gold'", {"visits": 5001}),
        ("age >= 18 || visits > 5", {"visits": 6}),
        ("!(visits < 5 || !is_vip)", {"visits": 5, "is_vip": True}),
        ("visits * 2 > 40", {"visits": 21}),
        ("spend * 1.2 >= 120.0", {"spend": pytest.approx(100.0, rel=1e-4)}),
    ],
)  # fmt: skip
def test_of_a_failing_condition_the_nearest_values_are_proposed(when: str, expected: dict[str, Value]) -> None:
    assert needed(when) == expected


def test_a_suppression_is_lifted_by_what_no_longer_satisfies_it() -> None:
    assert needed(condition("visits < 10 && tier == 'tin'", Stage.SUPPRESSION)) == {"visits": 10}


def test_the_rules_of_all_stages_must_pass() -> None:
    rules = [
        condition("visits >= 5"),
        condition("visits != 5", Stage.SUITABILITY),
        condition("is_vip", Stage.SUITABILITY),
    ]
    assert needed(*rules) == {"visits": 6, "is_vip": True}


def test_a_rule_that_passes_must_go_on_passing() -> None:
    assert needed("visits > 5", "visits < 4 || is_vip") == {"visits": 6, "is_vip": True}


def test_one_attribute_far_away_is_a_smaller_change_than_two_near_by() -> None:
    assert needed("(visits >= 4 && spend >= 11.0) || visits > 100000") == {"visits": 100001}


def test_an_attribute_that_stands_in_two_rules_changes_once() -> None:
    assert needed("visits > 5 || tier == 'gold'", "visits > 7 || is_vip") == {"visits": 8}


@pytest.mark.parametrize("missing", [NOT_FOUND, NULL])
def test_of_an_unknown_attribute_a_value_is_proposed(missing: Feature) -> None:
    change = found("visits >= 5", facts={"visits": missing})
    assert [(each.observed, each.needed) for each in change.changes] == [(missing, 5)]


def test_a_stale_value_would_do_if_it_were_observed_again() -> None:
    stale = Feature(7, FeatureStatus.STALE)
    assert needed("visits >= 5", facts={"visits": stale}) == {"visits": 7}


def test_nothing_known_passes_a_rule_that_passes_on_unknown() -> None:
    rule = condition("visits > 5 && visits < 4", on_unknown=OnUnknown.PASS)
    assert needed(rule) == {"visits": None}


def test_a_default_that_passes_makes_unknown_pass() -> None:
    rule = Rule("r", Stage.ELIGIBILITY, "days_since(seen) > 2 && visits == 1 + visits - 1 && visits != 3")
    assert "visits" in needed(rule)
    with_default = Rule("r", Stage.ELIGIBILITY, "visits == 5 && visits < 6", OnUnknown.DEFAULT, 5)
    assert needed(with_default) == {"visits": 5}


def test_segments_are_seen_through() -> None:
    segments = [Segment("loyal", "visits > 5 || in_segment('rich')"), Segment("rich", "spend > 99.0")]
    change = found("in_segment('loyal') && !in_segment('rich')", segments=segments)
    assert [(each.attribute, each.needed) for each in change.changes] == [("visits", 6)]


def test_a_member_by_unknown_leaves_by_becoming_known() -> None:
    lenient = [Segment("new", "visits < 2", OnUnknown.PASS)]
    change = found("!in_segment('new')", facts={"visits": NOT_FOUND}, segments=lenient)
    assert [(each.attribute, each.needed) for each in change.changes] == [("visits", 2)]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (["age >= 18"], NoChange.IMMUTABLE),
        (["age >= 18 && visits > 5"], NoChange.IMMUTABLE),
        (["visits > 5 && spend > 99.0 && is_vip && tier == 'gold'"], NoChange.TOO_MANY),
        (["visits > 5", "spend > 99.0", "is_vip", "tier == 'gold'"], NoChange.TOO_MANY),
        (["visits > 5 && visits < 5"], NoChange.NEVER),
        (["tier == 'platinum'"], NoChange.NEVER),
        (["false"], NoChange.NEVER),
        (["now() < timestamp('2020-01-01T00:00:00Z')"], NoChange.NEVER),
        (["visits == 3 && visits * visits == 2"], NoChange.OPAQUE),
        (["age >= 18", "is_vip && !is_vip"], NoChange.NEVER),
    ],
)
def test_where_there_is_no_small_change_it_says_why(rules: list[str], reason: NoChange) -> None:
    assert found(*rules) == SmallestChange((), reason)


def test_the_work_of_one_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smallest_change, "ANSWER_WORK", 5_000)
    scopes = [offer(f"a{index}", [condition(f"visits > {index + 5}")]) for index in range(50)]
    dropped = evaluate(RuleSet(ATTRIBUTES, (), (*BRANCH, *scopes)), FACTS).dropped
    reasons = [each.smallest_change.none_because for each in dropped if each.smallest_change]
    assert reasons[0] is None
    assert reasons[-1] is NoChange.NOT_SEARCHED


def test_an_expression_that_many_attributes_make_is_given_up_in_time() -> None:
    # Sixteen clauses over eight attributes, none of which can all hold: what a solver is for.
    names = [f"n{index}" for index in range(8)]
    attributes = tuple(AttributeDeclaration(name, AttributeType.INT) for name in names)
    parts = [" || ".join(f"{names[(index + step) % 8]} == {index + step}" for step in range(4)) for index in range(16)]
    content = RuleSet(attributes, (), (*BRANCH, offer("offer", [condition(each) for each in parts])))
    (dropped,) = evaluate(content, {name: present(100) for name in names}).dropped
    assert dropped.smallest_change is not None
    assert dropped.smallest_change.none_because in (NoChange.TOO_MANY, NoChange.NOT_SEARCHED)


def test_actions_that_share_their_rules_share_the_search() -> None:
    policy = Scope(ScopeLevel.POLICY, rules=(condition("visits > 5 && is_vip"),))
    content = RuleSet(ATTRIBUTES, (), (policy, *BRANCH, *(offer(f"a{index}") for index in range(3_000))))
    changes = {each.smallest_change for each in evaluate(content, FACTS).dropped}
    assert len(changes) == 1


def test_reasons_alone_come_without_a_search() -> None:
    content = RuleSet(ATTRIBUTES, (), (*BRANCH, offer("offer", [condition("visits > 5")])))
    assert [each.smallest_change for each in evaluate(content, FACTS, Explain.REASONS).dropped] == [None]


def test_a_treatment_must_pass_the_rules_of_its_action_its_channel_and_its_own() -> None:
    action = offer("a", [condition("visits < 9")])
    channel = Scope(ScopeLevel.CHANNEL, "WEB", rules=(condition("visits > 5"),))
    treatment = Scope(ScopeLevel.TREATMENT, "a_web", "a", (condition("visits != 6"),), channel="WEB")
    content = RuleSet(ATTRIBUTES, (), (*BRANCH, action, channel, treatment))
    (dropped,) = evaluate(content, FACTS).dropped
    assert (dropped.action, dropped.treatment, dropped.failed[0].threshold) == ("a", "a_web", "> 5")
    assert dropped.smallest_change is not None
    assert [(each.attribute, each.needed) for each in dropped.smallest_change.changes] == [("visits", 7)]
    again = evaluate(content, {**FACTS, "visits": present(7)})
    assert (again.eligible_actions, again.dropped_treatments) == (["a"], ())
