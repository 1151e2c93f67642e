"""Everything wrong with triggers is found at once, each with its code and the place where it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.rules.domain.rule_set import AttributeDeclaration, EventTypeDeclaration, Finding, RuleSet, Segment
from services.rules.domain.triggers.declaration import (
    Effect,
    Emit,
    EventMatch,
    Pattern,
    PatternKind,
    Schedule,
    SetTrait,
    Trigger,
)
from services.rules.domain.written import OnUnknown, SourcePosition
from shared.values import AttributeType
from tests.support.rules import findings
from tests.support.trigger_samples import DAY_MS, sample

AT = SourcePosition("triggers.yaml", 3, 5)
WHERE = SourcePosition("triggers.yaml", 5, 20)
EFFECT = SourcePosition("triggers.yaml", 9, 30)
ATTRIBUTES = (
    AttributeDeclaration("age", AttributeType.INT),
    AttributeDeclaration("risk", AttributeType.STRING, allowed=("low", "high")),
    AttributeDeclaration("rate", AttributeType.DOUBLE),
    AttributeDeclaration("brands", AttributeType.STRING_LIST),
    AttributeDeclaration("context.weather", AttributeType.STRING),
)
EVENT_TYPES = (
    EventTypeDeclaration("view", {"sku": AttributeType.STRING, "price": AttributeType.DOUBLE}),
    EventTypeDeclaration("stock", {"sku": AttributeType.INT, "article": AttributeType.STRING}),
    EventTypeDeclaration("tags", {"sku": AttributeType.STRING_LIST}),
)
VIEW, STOCK = EventMatch("view", position=WHERE), EventMatch("stock", position=WHERE)
ONE = Pattern(PatternKind.ANY, (VIEW,))
TELL = Emit("told", position=EFFECT)


def rule_set(*triggers: Trigger) -> RuleSet:
    segments = (Segment("young", "age < 30"),)
    return RuleSet(ATTRIBUTES, segments, event_types=EVENT_TYPES, triggers=triggers)


def trigger(when: Pattern | Schedule = ONE, condition: str = "", effects: tuple[Effect, ...] = (TELL,)) -> Trigger:
    return Trigger("t", when, effects, condition, position=AT)


def found(*triggers: Trigger) -> list[tuple[str, SourcePosition]]:
    return [(each.code, each.position) for each in findings(rule_set(*triggers))]


def pattern(kind: PatternKind, *matches: EventMatch, **rest: object) -> Trigger:
    return trigger(Pattern(kind, matches or (VIEW,), **rest))  # type: ignore[arg-type]


def in_column(position: SourcePosition, column: int) -> SourcePosition:
    return replace(position, column=position.column + column - 1)


def test_the_samples_are_free_of_findings() -> None:
    assert findings(sample()) == ()
    assert findings(rule_set(trigger())) == ()


@pytest.mark.parametrize(
    ("where", "code", "column"),
    [
        ("event.price > ", "CEL_SYNTAX", 15),
        ("event.pric > 1.0", "UNKNOWN_ATTRIBUTE", 1),
        ("event.price > 1", "CEL_TYPE", 13),
        ("event.price", "NOT_BOOL", 1),
        ('context.weather == "rain"', "UNKNOWN_ATTRIBUTE", 1),
        ('action.id == "a"', "UNKNOWN_ATTRIBUTE", 1),
        ('in_segment("old")', "SEGMENT_UNKNOWN", 12),
        ('event.sku.matches("(")', "INVALID_PATTERN", 19),
        ("9223372036854775807 + 1 > age", "ALWAYS_FAILS", 21),
    ],
)
def test_a_wrong_where_is_found_where_it_is_wrong(where: str, code: str, column: int) -> None:
    match = EventMatch("view", where, position=WHERE)
    assert found(trigger(Pattern(PatternKind.ANY, (match,)))) == [(code, in_column(WHERE, column))]


@pytest.mark.parametrize(
    ("condition", "code", "column"),
    [
        ("agee > 3", "UNKNOWN_ATTRIBUTE", 1),
        ("age", "NOT_BOOL", 1),
        ("event.article == 'x'", "UNKNOWN_ATTRIBUTE", 1),
        ("age > 1 / 0", "ALWAYS_FAILS", 9),
    ],
)
def test_a_wrong_condition_is_found_where_it_is_wrong(condition: str, code: str, column: int) -> None:
    assert found(trigger(condition=condition)) == [(code, in_column(AT, column))]


def test_a_condition_reads_the_properties_of_every_event_that_may_complete_the_pattern() -> None:
    both = Pattern(PatternKind.ALL, (VIEW, STOCK), within_ms=1)
    assert found(trigger(both, "event.price > 1.0 || event.article == 'x'")) == []
    # sku is an int in one of them and a string in the other.
    assert found(trigger(both, "event.sku == 'x'")) == [("UNKNOWN_ATTRIBUTE", AT)]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (pattern(PatternKind.COUNT, at_least=2), "BAD_WINDOW"),
        (pattern(PatternKind.COUNT, at_least=2, within_ms=-1), "BAD_WINDOW"),
        (pattern(PatternKind.COUNT, at_least=2, within_ms=400 * DAY_MS + 1), "BAD_WINDOW"),
        (pattern(PatternKind.ANY, within_ms=1), "BAD_WINDOW"),
        (pattern(PatternKind.ALL, VIEW, STOCK), "BAD_WINDOW"),
        (pattern(PatternKind.SEQUENCE, VIEW, STOCK), "BAD_WINDOW"),
        (pattern(PatternKind.ANY, absent_ms=1), "BAD_WINDOW"),
        (pattern(PatternKind.ANY, absent=STOCK), "BAD_WINDOW"),
        (pattern(PatternKind.ANY, absent=STOCK, absent_ms=2**63 - 1), "BAD_WINDOW"),
        (replace(trigger(), cooldown_ms=-1), "BAD_WINDOW"),
        (replace(trigger(), cooldown_ms=2**62), "BAD_WINDOW"),
        (pattern(PatternKind.ANY, restarts=True), "BAD_PATTERN"),
        (pattern(PatternKind.COUNT, within_ms=1), "AT_LEAST"),
        (pattern(PatternKind.COUNT, within_ms=1, at_least=1.5), "AT_LEAST"),
        (pattern(PatternKind.COUNT, within_ms=1, at_least=1_001), "AT_LEAST"),
        (pattern(PatternKind.COUNT, within_ms=1, at_least=float("nan")), "AT_LEAST"),
        (pattern(PatternKind.SUM, within_ms=1, sum_of="price"), "AT_LEAST"),
        (pattern(PatternKind.SUM, within_ms=1, sum_of="price", at_least=float("inf")), "AT_LEAST"),
        (pattern(PatternKind.ANY, at_least=1), "AT_LEAST"),
        (pattern(PatternKind.COUNT, VIEW, STOCK, within_ms=1, at_least=1), "BAD_PATTERN"),
        (pattern(PatternKind.SUM, within_ms=1, at_least=1), "BAD_PATTERN"),
        (pattern(PatternKind.SUM, within_ms=1, at_least=1, sum_of="sku"), "BAD_PATTERN"),
        (pattern(PatternKind.SUM, within_ms=1, at_least=1, sum_of="prize"), "UNKNOWN_PROPERTY"),
        (pattern(PatternKind.COUNT, within_ms=1, at_least=1, sum_of="price"), "BAD_PATTERN"),
        (trigger(Pattern(PatternKind.ANY, ())), "LIMIT"),
        (pattern(PatternKind.ANY, *[VIEW] * 9), "LIMIT"),
        (trigger(effects=()), "LIMIT"),
        (trigger(effects=(TELL,) * 9), "LIMIT"),
        (pattern(PatternKind.ALL, VIEW, STOCK, within_ms=1, join="sku"), "BAD_JOIN"),
        (trigger(Schedule("9:00"), "age > 3"), "BAD_SCHEDULE"),
        (trigger(Schedule("24:00"), "age > 3"), "BAD_SCHEDULE"),
        (trigger(Schedule("09:00", (0,)), "age > 3"), "BAD_SCHEDULE"),
        (trigger(Schedule("09:00", (1, 1)), "age > 3"), "BAD_SCHEDULE"),
        (trigger(Schedule("09:00", (), "Europe/Pari"), "age > 3"), "BAD_SCHEDULE"),
        (trigger(Schedule("09:00", (), "../etc/passwd"), "age > 3"), "BAD_SCHEDULE"),
        (trigger(Schedule("09:00")), "CONDITION_MISSING"),
        (replace(trigger(), trigger_id="No"), "BAD_NAME"),
        (replace(trigger(), trigger_id=""), "BAD_NAME"),
        (replace(trigger(condition="age > 3"), on_unknown=OnUnknown.DEFAULT), "DEFAULT_TYPE"),
        (replace(trigger(condition="age > 3"), default_value=3), "DEFAULT_TYPE"),
        (replace(trigger(condition="age > 3"), on_unknown=OnUnknown.DEFAULT, default_value="x"), "DEFAULT_TYPE"),
    ],
)
def test_what_is_wrong_with_a_trigger_is_found_at_the_trigger(wrong: Trigger, code: str) -> None:
    assert [each for each in found(wrong) if each[1] == AT] == [(code, AT)]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (pattern(PatternKind.ANY, EventMatch("vieww", position=WHERE)), "UNKNOWN_EVENT_TYPE"),
        (pattern(PatternKind.ANY, VIEW, join="skuu"), "UNKNOWN_PROPERTY"),
        (pattern(PatternKind.ANY, EventMatch("tags", position=WHERE), join="sku"), "BAD_JOIN"),
        (pattern(PatternKind.ANY, replace(VIEW, join_property="sku")), "BAD_JOIN"),
        (pattern(PatternKind.ANY, VIEW, absent=EventMatch("vieww", position=WHERE), absent_ms=1), "UNKNOWN_EVENT_TYPE"),
        (pattern(PatternKind.ANY, replace(VIEW, by_anyone=True)), "MISPLACED_BY_ANYONE"),
        (
            pattern(PatternKind.SEQUENCE, replace(VIEW, by_anyone=True), VIEW, within_ms=1, join="sku"),
            "MISPLACED_BY_ANYONE",
        ),
        (pattern(PatternKind.SEQUENCE, VIEW, replace(VIEW, by_anyone=True), within_ms=1), "MISPLACED_BY_ANYONE"),
        (pattern(PatternKind.SEQUENCE, replace(VIEW, by_anyone=True), within_ms=1, join="sku"), "MISPLACED_BY_ANYONE"),
        (
            pattern(PatternKind.ANY, VIEW, absent=replace(VIEW, by_anyone=True), absent_ms=1),
            "MISPLACED_BY_ANYONE",
        ),
    ],
)
def test_what_is_wrong_with_a_match_is_found_at_the_match(wrong: Trigger, code: str) -> None:
    assert found(wrong) == [(code, WHERE)]


@pytest.mark.parametrize(
    ("effect", "code", "column"),
    [
        (SetTrait("riskk", "'high'", EFFECT), "UNKNOWN_TRAIT", 1),
        (SetTrait("context.weather", "'rain'", EFFECT), "UNKNOWN_TRAIT", 1),
        (SetTrait("risk", "3", EFFECT), "TRAIT_TYPE", 1),
        (SetTrait("risk", "'middling'", EFFECT), "TRAIT_TYPE", 1),
        (SetTrait("risk", "rizk", EFFECT), "UNKNOWN_ATTRIBUTE", 1),
        (SetTrait("rate", "age > 3", EFFECT), "TRAIT_TYPE", 1),
        (SetTrait("risk", "{'a': 1}", EFFECT), "NOT_VALUE", 1),
        (Emit("No", position=EFFECT), "BAD_NAME", 1),
        (Emit("told", {"total-price": "age"}, EFFECT), "BAD_NAME", 1),
        (Emit("told", {"p": "event.price + 1"}, EFFECT), "CEL_TYPE", 13),
        (Emit("told", {f"p{number}": "age" for number in range(65)}, EFFECT), "LIMIT", 1),
    ],
)
def test_what_is_wrong_with_an_effect_is_found_there(effect: Effect, code: str, column: int) -> None:
    assert found(trigger(effects=(effect,))) == [(code, in_column(EFFECT, column))]


def test_a_wrong_value_of_a_payload_is_found_at_its_own_place() -> None:
    place = SourcePosition("triggers.yaml", 11, 12)
    emit = Emit("told", {"a": "age", "b": "ag"}, EFFECT, {"b": place})
    assert found(trigger(effects=(emit,))) == [("UNKNOWN_ATTRIBUTE", place)]


def test_values_may_be_of_every_type_an_attribute_can_have() -> None:
    effects = (
        SetTrait("rate", "age"),
        SetTrait("rate", "2"),
        SetTrait("brands", "brands"),
        Emit("told", {"b": "brands"}),
    )
    assert found(trigger(effects=effects)) == []


def setting(trigger_id: str, trait: str, value: str, condition: str = "") -> Trigger:
    return Trigger(trigger_id, ONE, (SetTrait(trait, value),), condition, position=AT)


def messages(*triggers: Trigger) -> tuple[Finding, ...]:
    return findings(rule_set(*triggers))


def test_triggers_that_wait_for_one_another_are_a_circle_that_names_them() -> None:
    circle = (
        setting("one", "risk", "'low'", "age > 3"),
        setting("two", "rate", "1.0", "risk == 'low'"),
        setting("three", "age", "rate > 0.5 ? 1 : 2"),
    )
    (finding,) = messages(*circle)
    assert (finding.code, finding.position) == ("TRIGGER_CYCLE", AT)
    assert any(names in finding.message for names in ("one -> two -> three -> one", "two -> three -> one -> two"))


def test_a_circle_through_a_segment_is_found() -> None:
    (finding,) = messages(
        setting("one", "age", "3", "rate > 1.0"), setting("two", "rate", "1.0", 'in_segment("young")')
    )
    assert finding.code == "TRIGGER_CYCLE"


def test_a_trigger_may_read_what_it_sets_itself() -> None:
    assert messages(setting("one", "age", "age + 1", "age < 9")) == ()


def test_a_circle_of_where_is_none_because_where_is_asked_before_anything_is_inferred() -> None:
    asking = Pattern(PatternKind.ANY, (EventMatch("view", "risk == 'low'"),))
    assert messages(Trigger("one", asking, (SetTrait("age", "3"),)), setting("two", "risk", "'low'", "age > 3")) == ()


def test_one_name_is_for_one_trigger_and_for_one_event_type() -> None:
    assert found(trigger(), trigger()) == [("DUPLICATE_TRIGGER", AT)]
    twice = replace(rule_set(trigger()), event_types=(*EVENT_TYPES, EventTypeDeclaration("view")))
    assert [each.code for each in findings(twice)] == ["DUPLICATE_EVENT_TYPE"]


def test_names_of_event_types_and_properties_are_identifiers() -> None:
    types = (EventTypeDeclaration("View"), EventTypeDeclaration("click", {"utm-source": AttributeType.STRING}))
    assert [each.code for each in findings(replace(rule_set(), event_types=types))] == ["BAD_NAME", "BAD_NAME"]


def test_more_than_500_triggers_are_too_many() -> None:
    many = [replace(trigger(), trigger_id=f"t{number}") for number in range(501)]
    assert found(*many) == [("LIMIT", AT)]
    assert found(*many[:500]) == []


def test_all_problems_are_found_at_once() -> None:
    wrong = pattern(PatternKind.COUNT, EventMatch("nothing", position=WHERE), at_least=0, restarts=True)
    codes = [code for code, _ in found(replace(wrong, cooldown_ms=-1))]
    assert sorted(codes) == ["AT_LEAST", "BAD_PATTERN", "BAD_WINDOW", "BAD_WINDOW", "UNKNOWN_EVENT_TYPE"]
