"""What the guards let through, what they change, and what they refuse: without an engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from services.rules.adapters.durable.compilation import (
    MAX_CLAUSES,
    MAX_FIELDS,
    MAX_SHARD_TESTS,
    CompiledRules,
    compile_rules,
)
from services.rules.adapters.durable.encoding import Encoder
from services.rules.domain.condition import (
    AllOf,
    AnyOf,
    Condition,
    Fixed,
    Membership,
    Not,
    Operator,
    Term,
    TermKind,
)
from services.rules.domain.condition import Test as Comparison
from services.rules.domain.constants import constant
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN
from services.rules.domain.matching import NOW_ATTRIBUTE, MessageRule, MessageRules, Unmatched
from services.rules.domain.written import OnUnknown
from shared.values import AttributeType, Scalar, Value

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001
TYPES = {
    "age": AttributeType.INT,
    "visits": AttributeType.INT,
    "margin": AttributeType.DOUBLE,
    "tier": AttributeType.STRING,
    "vip": AttributeType.BOOL,
    "seen": AttributeType.TIMESTAMP,
    "brands": AttributeType.STRING_LIST,
}


def compares(name: str, operator: Operator, *operands: Scalar, kind: TermKind = TermKind.VALUE) -> Comparison:
    return Comparison(Term(kind, name), operator, tuple(constant(operand) for operand in operands))


def compiled(*conditions: Condition, types: Mapping[str, AttributeType] = TYPES) -> CompiledRules:
    rules = tuple(MessageRule(str(number), condition) for number, condition in enumerate(conditions))
    found, refusals = compile_rules(MessageRules("v", types, rules))
    assert refusals == ()
    return found


def either(number: int) -> Condition:
    return AnyOf((compares("age", Operator.LESS, number), compares("visits", Operator.LESS, number)))


def refusal(condition: Condition) -> str:
    _, refusals = compile_rules(MessageRules("v", TYPES, (MessageRule("r", condition),)))
    assert [each.rule_id for each in refusals] == ["r"]
    return refusals[0].reason


def encoded(condition: Condition, message: Mapping[str, Value]) -> list[str | None] | Unmatched:
    fields = Encoder(compiled(condition)).fields(message)
    return fields if isinstance(fields, Unmatched) else list(fields)


def definitions(rules: CompiledRules) -> list[object]:
    return [rule["all"][0]["m"] for shard in rules.shards for rule in json.loads(shard.definition).values()]


def test_every_rule_asks_for_the_marker_first() -> None:
    rules = compiled(Fixed(TRUE, ""), compares("age", Operator.GREATER, 3))
    assert definitions(rules) == [{"_": 1}, {"$and": [{"_": 1}, {"$gt": {"i_age": 3}}]}]


def test_negation_moves_down_to_the_tests() -> None:
    either = AnyOf((compares("age", Operator.LESS, 3), compares("vip", Operator.EQUAL, True)))
    rules = compiled(Not(either))
    assert definitions(rules) == [{"$and": [{"_": 1}, {"$gte": {"i_age": 3}}, {"$neq": {"b_vip": True}}]}]


def test_alternatives_are_rules_of_the_engine_but_for_the_values_of_one_field() -> None:
    rules = compiled(AnyOf((compares("age", Operator.IN, 1, 2), compares("vip", Operator.EQUAL, True))))
    assert rules.rule_ids == ("0", "0")
    assert {"$and": [{"_": 1}, {"$or": [{"i_age": 1}, {"i_age": 2}]}]} in definitions(rules)


def test_what_is_never_true_is_no_rule_of_the_engine() -> None:
    nothing = compiled(Fixed(FALSE, ""), Fixed(UNKNOWN, ""), Not(Fixed(UNKNOWN, "")), AnyOf(()))
    assert nothing.shards == ()


def test_no_shard_holds_more_than_the_engine_survives() -> None:
    many = [compares("age", Operator.IN, *range(number, number + 90)) for number in range(100)]
    types = {f"a{number}": AttributeType.INT for number in range(500)}
    wide = [AllOf(tuple(compares(f"a{i}", Operator.LESS, 1) for i in range(n, n + 50))) for n in range(0, 450, 50)]
    rules = compiled(*many, *wide, types=TYPES | types)
    for shard in rules.shards:
        clauses = json.loads(shard.definition)
        assert len(clauses) <= MAX_CLAUSES
        assert len(shard.fields) <= MAX_FIELDS
        assert shard.definition.count("i_a") <= MAX_SHARD_TESTS
    assert sum(len(json.loads(shard.definition)) for shard in rules.shards) == 109


@pytest.mark.parametrize(
    ("condition", "limit"),
    [
        (AllOf(tuple(either(n) for n in range(7))), "64 alternatives"),
        (AllOf(tuple(compares("age", Operator.NOT_EQUAL, n) for n in range(201))), "200 tests"),
        (AllOf(tuple(compares("age", Operator.IN, n, n + 1) for n in range(11))), "10 lists"),
        (compares("height", Operator.LESS, 3), "'height' is not declared"),
        (Membership("gold", Fixed(TRUE, ""), OnUnknown.FAIL), "stands in the message as a bool"),
    ],
)  # fmt: skip
def test_a_rule_beyond_a_limit_is_refused_by_its_name(condition: Condition, limit: str) -> None:
    assert limit in refusal(condition)


def test_a_version_has_a_bound() -> None:
    rules = tuple(MessageRule(str(n), compares("age", Operator.EQUAL, n)) for n in range(6_000))
    _, refusals = compile_rules(MessageRules("v", TYPES, rules))
    assert "5000 alternatives" in refusals[0].reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-05, "1.0e-05"), (1e16, "1.0e+16"), (1e22, "1.0e+22"), (5e-324, "5.0e-324"), (1.5e300, "1.5e+300"),
        (-0.0, "-0.0"), (0.1, "0.1"), (100.0, "100.0"),
    ],
)  # fmt: skip
def test_a_double_always_has_a_point(value: float, text: str) -> None:
    assert encoded(compares("margin", Operator.LESS, 1.0), {"margin": value}) == [f'"d_margin":{text}']
    assert float(text) == value


@pytest.mark.parametrize("value", ["", "gold ", "a" * 70_000, '"', "\\", "\0", "é", "\U0001f600", "%"])
def test_a_string_that_no_rule_names_is_nothing_but_another_one(value: str) -> None:
    assert encoded(compares("tier", Operator.EQUAL, "gold"), {"tier": value}) == ['"s_tier":"%"']


@pytest.mark.parametrize("value", ["", "gold", '"', "\\", "\0", "é", "%", "%22", "a b", "\n"])
def test_a_string_that_a_rule_names_is_quoted_the_same_in_both(value: str) -> None:
    rules = compiled(compares("tier", Operator.EQUAL, value))
    fields = Encoder(rules).fields({"tier": value})
    assert not isinstance(fields, Unmatched)
    assert f"{{{fields[0]}}}" in rules.shards[0].definition
    assert json.loads(f"{{{fields[0]}}}")["s_tier"].isprintable()


@pytest.mark.parametrize(
    "test",
    [
        compares("tier", Operator.LESS, "gold"),
        compares("tier", Operator.CONTAINS, "gold"),
        compares("tier", Operator.EQUAL, "a" * 70_000),
        compares("brands", Operator.HAS, "nike"),
        compares("margin", Operator.LESS, float("inf")),
        compares("margin", Operator.EQUAL, float("nan")),
        compares("age", Operator.IN, *range(101)),
        compares("age", Operator.IN),
    ],
)
def test_what_the_engine_cannot_compare_is_answered_before_it(test: Comparison) -> None:
    (definition,) = definitions(compiled(test))
    assert isinstance(definition, dict)
    (name,) = definition["$and"][1]
    assert name.startswith("x_")
    assert definition["$and"][1][name] is True


@pytest.mark.parametrize(
    "message",
    [
        {"age": 2**63}, {"age": 1.5}, {"age": True}, {"age": "1"}, {"margin": float("inf")}, {"margin": float("nan")},
        {"tier": 5}, {"vip": 1}, {"seen": NAIVE}, {"seen": 5}, {"brands": "nike"}, {"brands": (1,)},
    ],
)  # fmt: skip
def test_a_value_of_another_type_makes_the_message_unmatched(message: Mapping[str, Value]) -> None:
    every = [
        compares("age", Operator.LESS, 3),
        compares("margin", Operator.LESS, 3.0),
        compares("tier", Operator.EQUAL, "gold"),
        compares("vip", Operator.EQUAL, True),
        compares("seen", Operator.LESS, datetime(2026, 1, 1, tzinfo=UTC)),
        compares("brands", Operator.HAS, "nike"),
    ]
    answer = encoded(AllOf(tuple(every)), message)
    assert isinstance(answer, Unmatched)
    (name,) = message
    assert repr(name) in answer.reason


def test_a_message_holds_nothing_but_declared_attributes() -> None:
    forged: dict[str, Value] = {"id": "x", "sid": "y", "$forward": 1, "_": 0, "i_age": 99, "$s": 1, "age": 1}
    assert encoded(compares("age", Operator.LESS, 3), forged) == ['"i_age":1']


def test_an_unknown_attribute_is_no_field() -> None:
    assert encoded(compares("age", Operator.NOT_EQUAL, 3), {"age": None}) == [None]


def test_what_is_counted_from_now_is_unknown_without_it() -> None:
    ago = compares("seen", Operator.LESS, 3, kind=TermKind.DAYS_SINCE)
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    assert encoded(ago, {"seen": seen}) == [None]
    now = datetime(2026, 1, 3, 5, tzinfo=UTC)
    assert encoded(ago, {"seen": seen, NOW_ATTRIBUTE: now}) == ['"i_days_since_seen_":2']
