"""A dropped action says which rule dropped it, what that rule read, and what it compared that with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.rules.domain.evaluation import DroppedAction, Explain
from services.rules.domain.rule_set import Rule, RuleSet, Scope, ScopeLevel, Segment, Stage
from services.rules.domain.written import OnUnknown
from shared.values import NOT_FOUND, NULL, AttributeType, Feature, FeatureStatus, Value, present
from tests.support.rules import BRANCH, NOW_MS, NOW_TIME, compiled, declarations, evaluate, offer, rule_set

TYPES = {
    "age": AttributeType.INT,
    "visits": AttributeType.INT,
    "tier": AttributeType.STRING,
    "is_vip": AttributeType.BOOL,
    "brands": AttributeType.STRING_LIST,
    "seen": AttributeType.TIMESTAMP,
}
FACTS = {
    "age": present(17),
    "visits": present(3),
    "tier": present("tin"),
    "is_vip": present(False),
    "brands": present(("asics",)),
    "seen": present(NOW_TIME - timedelta(days=3)),
}


def dropped(rule: Rule, facts: dict[str, Feature] | None = None, **options: object) -> DroppedAction:
    (reason,) = evaluate(rule_set([rule], TYPES, **options), FACTS | (facts or {})).dropped  # type: ignore[arg-type]
    return reason


def condition(when: str, on_unknown: OnUnknown = OnUnknown.FAIL, default: Value = None) -> Rule:
    return Rule("r", Stage.ELIGIBILITY, when, on_unknown, default)


def evidence(reason: DroppedAction) -> tuple[str, Value, str]:
    return reason.attribute, reason.observed, reason.threshold


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("age >= 18", ("age", 17, ">= 18")),
        ("18 <= age", ("age", 17, ">= 18")),
        ("tier in ['gold', \"silver\"]", ("tier", "tin", 'in ["gold", "silver"]')),
        ("!(tier in ['tin'])", ("tier", "tin", 'not in ["tin"]')),
        ("!(age < 18 && tier == 'tin')", ("age", 17, "not < 18")),
        ("is_vip", ("is_vip", False, "== true")),
        ("!!is_vip", ("is_vip", False, "== true")),
        ("'nike' in brands", ("brands", ("asics",), 'contains "nike"')),
        ("tier.startsWith('g')", ("tier", "tin", 'startsWith("g")')),
        ("size(brands) >= 2", ("brands", ("asics",), "size(brands) >= 2")),
        ("days_since(seen) > 90", ("seen", NOW_TIME - timedelta(days=3), "days_since(seen) > 90")),
        ("seen > now()", ("seen", NOW_TIME - timedelta(days=3), "> now()")),
        ("now() < seen", ("seen", NOW_TIME - timedelta(days=3), "> now()")),
        (
            'seen > timestamp("2026-06-14T00:00:00Z")',
            ("seen", NOW_TIME - timedelta(days=3), '> timestamp("2026-06-14T00:00:00Z")'),
        ),
        ("visits == 3 && age >= 18 && tier == 'gold'", ("age", 17, ">= 18")),
        ("age >= 18 || tier == 'gold'", ("age", 17, ">= 18")),
        ("(age >= 18 || is_vip) && tier == 'gold'", ("age", 17, ">= 18")),
        ("age * 2 > 40", ("age", 17, "age * 2 > 40")),
        ("visits == 3 && (age + visits > 40)", ("age", 17, "age + visits > 40")),
        ("brands.exists(b, b == 'nike') || is_vip", ("brands", ("asics",), "brands.exists(b, b == 'nike')")),
        ("age >= 18 + 2", ("age", 17, ">= 20")),
        ("in_segment('adult')", ("age", 17, ">= 18")),
        ("!in_segment('minor')", ("age", 17, "not < 18")),
        ("false", ("", None, "false")),
    ],
)
def test_the_reason_names_attribute_observed_value_and_threshold(when: str, expected: tuple[str, Value, str]) -> None:
    segments = [Segment("adult", "age >= 18"), Segment("minor", "visits > 1 && age < 18 || age < 10")]
    if "minor" in when:
        segments = [Segment("minor", "age < 18 && visits > 1"), segments[0]]
    assert evidence(dropped(condition(when), segments=segments)) == expected


def test_the_reason_names_stage_rule_and_status() -> None:
    reason = dropped(Rule("adult", Stage.SUITABILITY, "age >= 18"))
    assert (reason.action, reason.stage, reason.rule_id) == ("offer", Stage.SUITABILITY, "adult")
    assert reason.status is FeatureStatus.PRESENT


@pytest.mark.parametrize(
    ("feature", "observed"),
    [(NOT_FOUND, None), (NULL, None), (Feature(40, FeatureStatus.STALE), 40)],
)
def test_the_status_of_an_unknown_attribute_is_the_reason(feature: Feature, observed: Value) -> None:
    reason = dropped(condition("age >= 18"), {"age": feature})
    assert (reason.attribute, reason.observed, reason.status) == ("age", observed, feature.status)


def test_of_an_unknown_conjunction_the_unknown_part_is_named() -> None:
    reason = dropped(condition("visits > 1 && age >= 18"), {"age": NOT_FOUND})
    assert (reason.attribute, reason.status) == ("age", FeatureStatus.NOT_FOUND)


def test_of_a_false_conjunction_the_false_part_is_named_although_an_unknown_one_comes_first() -> None:
    reason = dropped(condition("age >= 18 && visits > 5", OnUnknown.PASS), {"age": NOT_FOUND})
    assert evidence(reason) == ("visits", 3, "> 5")


def test_a_default_does_not_hide_that_the_attribute_was_missing() -> None:
    reason = dropped(condition("age >= 18", OnUnknown.DEFAULT, 0), {"age": NOT_FOUND})
    assert evidence(reason) == ("age", None, ">= 18")
    assert reason.status is FeatureStatus.NOT_FOUND


def test_an_unknown_expression_of_the_library_names_its_first_unknown_attribute() -> None:
    reason = dropped(condition("age + visits > 3"), {"visits": NULL})
    assert (reason.attribute, reason.status) == ("visits", FeatureStatus.NULL_VALUE)


def test_an_error_names_the_attribute_that_was_read() -> None:
    reason = dropped(condition("10 / visits > 1"), {"visits": present(0)})
    assert (reason.attribute, reason.observed, reason.status) == ("visits", 0, FeatureStatus.PRESENT)


def test_a_suppression_is_explained_by_what_satisfied_it() -> None:
    reason = dropped(Rule("bad_payer", Stage.SUPPRESSION, "visits > 100 || tier == 'tin'"))
    assert (reason.rule_id, *evidence(reason)) == ("bad_payer", "tier", "tin", '== "tin"')


def test_a_constant_of_the_action_is_explained_by_its_value() -> None:
    reason = dropped(condition("action.price < 10.0"), constants={"price": 12.5})
    assert evidence(reason) == ("action.price", 12.5, "< 10.0")
    reason = dropped(condition("tier == action.wanted"), constants={"wanted": "gold"})
    assert evidence(reason) == ("tier", "tin", '== "gold"')


def test_a_constant_the_action_lacks_is_not_found() -> None:
    policy = Scope(ScopeLevel.POLICY, rules=(condition("action.label == 'new'"),))
    offers = (offer("a", constants={"label": "new"}), offer("b", constants={"label": None}), offer("c"))
    reasons = evaluate(RuleSet((), (), (policy, *BRANCH, *offers)), {}).dropped
    assert [(each.action, each.attribute, each.status) for each in reasons] == [
        ("b", "action.label", FeatureStatus.NOT_FOUND),
        ("c", "action.label", FeatureStatus.NOT_FOUND),
    ]


def test_a_default_does_not_hide_that_the_action_lacks_a_constant() -> None:
    scope = Scope(ScopeLevel.POLICY, rules=(condition("action.rank > 3", OnUnknown.DEFAULT, 1),))
    offers = (offer("a", constants={"rank": 5}), offer("b"))
    (reason,) = evaluate(RuleSet((), (), (scope, *BRANCH, *offers)), {}).dropped
    assert (reason.action, reason.observed, reason.status) == ("b", None, FeatureStatus.NOT_FOUND)


@pytest.mark.parametrize(
    ("when", "on_unknown", "expected"),
    [
        ("visits == 3 && age >= 18 && tier == 'gold'", OnUnknown.FAIL, [("age", ">= 18"), ("tier", '== "gold"')]),
        ("age >= 18 || tier == 'gold'", OnUnknown.FAIL, [("age", ">= 18"), ("tier", '== "gold"')]),
        ("!(age < 18 || tier == 'tin' || visits > 9)", OnUnknown.FAIL, [("age", "not < 18"), ("tier", 'not == "tin"')]),
        ("!(age < 18 && !is_vip)", OnUnknown.FAIL, [("age", "not < 18"), ("is_vip", "== true")]),
        ("(age >= 18 || is_vip) && visits == 3", OnUnknown.FAIL, [("age", ">= 18"), ("is_vip", "== true")]),
        ("gone > 1 && visits > 5", OnUnknown.FAIL, [("visits", "> 5"), ("gone", "> 1")]),
        ("gone > 1 && visits > 5", OnUnknown.PASS, [("visits", "> 5")]),
        ("gone > 1 || visits > 5", OnUnknown.FAIL, [("gone", "> 1"), ("visits", "> 5")]),
        ("in_segment('adult') && tier == 'gold'", OnUnknown.FAIL, [("age", ">= 18"), ("tier", '== "gold"')]),
        ("!in_segment('lenient')", OnUnknown.FAIL, [("gone", "not > 1")]),
        ("in_segment('adult') && age >= 18", OnUnknown.FAIL, [("age", ">= 18")]),
    ],
)
def test_every_part_that_failed_is_named_the_first_one_first(
    when: str, on_unknown: OnUnknown, expected: list[tuple[str, str]]
) -> None:
    segments = [Segment("adult", "age >= 18 && visits > 0"), Segment("lenient", "gone > 1", OnUnknown.PASS)]
    types = {**TYPES, "gone": AttributeType.INT}
    (reason,) = evaluate(rule_set([condition(when, on_unknown)], types, segments=segments), FACTS).dropped
    assert [(each.attribute, each.threshold) for each in reason.failed] == expected
    first = reason.failed[0]
    assert (first.attribute, first.observed, first.status, first.threshold) == (
        reason.attribute,
        reason.observed,
        reason.status,
        reason.threshold,
    )


def test_of_a_suppression_every_part_that_satisfied_it_is_named() -> None:
    reason = dropped(Rule("bad_payer", Stage.SUPPRESSION, "visits > 100 || tier == 'tin' || age < 18"))
    assert [(each.attribute, each.threshold) for each in reason.failed] == [("tier", '== "tin"'), ("age", "< 18")]


def test_a_default_names_what_fails_with_it() -> None:
    reason = dropped(condition("age >= 18 && visits >= 18", OnUnknown.DEFAULT, 17), {"age": NOT_FOUND})
    assert [(each.attribute, each.status) for each in reason.failed] == [
        ("age", FeatureStatus.NOT_FOUND),
        ("visits", FeatureStatus.PRESENT),
    ]


def test_reasons_can_be_asked_of_some_actions() -> None:
    content = RuleSet(declarations(TYPES), (), (*BRANCH, *(offer(each, [condition("age >= 18")]) for each in "abc")))
    evaluation = compiled(content).evaluate(FACTS, NOW_MS, Explain.FULL, ["b", "unheard_of"])
    assert [each.action for each in evaluation.dropped] == ["b"]
    assert sum(evaluation.dropped_by_stage.values()) == 3


def test_reasons_are_given_only_when_asked() -> None:
    content = rule_set([condition("age >= 18")], TYPES)
    assert evaluate(content, FACTS, Explain.NONE).dropped == ()
    assert len(evaluate(content, FACTS, Explain.REASONS).dropped) == 1


def test_segments_are_named_only_with_full_explanations() -> None:
    segments = [Segment("adult", "age >= 18"), Segment("minor", "age < 18"), Segment("both", "!in_segment('adult')")]
    content = rule_set([], TYPES, segments=segments)
    assert evaluate(content, FACTS, Explain.REASONS).segments == ()
    assert evaluate(content, FACTS, Explain.FULL).segments == ("minor", "both")
