"""The indexed engine and the CEL library agree on every condition.

Random conditions over all types, random facts of which some are missing, null or stale. The reference is the library
alone: it evaluates the whole condition with no value for an unknown attribute. Its `&&`, `||` absorb errors on both
sides and everything else hands them on, which is Kleene's logic with an error for unknown.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from services.rules.domain.threshold import value_text
from shared.values import NOT_FOUND, NULL, AttributeType, Feature, FeatureStatus, Value, present
from tests.support.rules import NOW_TIME, always_fails, indexed_verdict, library_verdict

Texts = st.SearchStrategy[str]

TYPES = {
    "vip": AttributeType.BOOL,
    "lapsed": AttributeType.BOOL,
    "age": AttributeType.INT,
    "visits": AttributeType.INT,
    "margin": AttributeType.DOUBLE,
    "tier": AttributeType.STRING,
    "context.weather": AttributeType.STRING,
    "last_purchase": AttributeType.TIMESTAMP,
    "flags": AttributeType.BOOL_LIST,
    "sizes": AttributeType.INT_LIST,
    "prices": AttributeType.DOUBLE_LIST,
    "brands": AttributeType.STRING_LIST,
    "logins": AttributeType.TIMESTAMP_LIST,
}
CONSTANTS: dict[str, Value] = {
    "price": 2.5,
    "limit": 3,
    "brand": "a",
    "is_new": True,
    "launch": NOW_TIME - timedelta(days=3),
    "tags": ("a", "é"),
    "label": None,
}

INTS = [0, 1, 2, 3, -1, 18, 2**62, 2**63 - 1, -(2**63)]
DOUBLES = [0.0, -0.0, 1.0, 2.5, -1.5, 1e308, 5e-324, 1e-9]
STRINGS = ["", "a", "b", "ab", "A", "é", "\U0001f600", "\uffff", 'say "hi"\n\\']
MOMENTS = [
    NOW_TIME,
    NOW_TIME - timedelta(days=1),
    NOW_TIME - timedelta(days=1) + timedelta(milliseconds=1),
    NOW_TIME + timedelta(milliseconds=1),
    NOW_TIME - timedelta(days=3),
    datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(1, 1, 2, tzinfo=UTC),
]
SPANS = [
    '"1d"',
    '"3d"',
    '"72h"',
    'duration("24h")',
    'duration("0s")',
    '"1ms"',
    "now() - last_purchase",
    'duration("x")',
]
POOLS: dict[AttributeType, list[Value]] = {
    AttributeType.BOOL: [False, True],
    AttributeType.INT: [*INTS],
    AttributeType.DOUBLE: [*DOUBLES],
    AttributeType.STRING: [*STRINGS],
    AttributeType.TIMESTAMP: [*MOMENTS],
}


def values(kind: AttributeType) -> st.SearchStrategy[Value]:
    scalars = st.sampled_from(POOLS[kind.element])
    if kind.is_list:
        return st.lists(scalars, max_size=3).map(tuple)  # type: ignore[arg-type]
    return scalars


def features(kind: AttributeType) -> st.SearchStrategy[Feature]:
    known = values(kind).map(present)
    stale = values(kind).map(lambda value: Feature(value, FeatureStatus.STALE))
    return st.one_of(known, known, known, st.sampled_from([NOT_FOUND, NULL]), stale)


FACTS = st.fixed_dictionaries({name: features(kind) for name, kind in TYPES.items()})


def names(kind: AttributeType) -> list[str]:
    own = {
        AttributeType.BOOL: ["action.is_new"],
        AttributeType.INT: ["action.limit"],
        AttributeType.DOUBLE: ["action.price"],
        AttributeType.STRING: ["action.brand"],
        AttributeType.TIMESTAMP: ["action.launch", "now()"],
        AttributeType.STRING_LIST: ["action.tags"],
    }
    return [name for name, each in TYPES.items() if each is kind] + own.get(kind, [])


def joined(template: str, *parts: Texts) -> Texts:
    return st.tuples(*parts).map(lambda texts: template.format(*texts))


def leaves(kind: AttributeType) -> Texts:
    literal = values(kind).map(value_text)
    return st.one_of(st.sampled_from(names(kind)), literal)


@cache
def expressions(kind: AttributeType, depth: int) -> Texts:
    """CEL of a type, `depth` operations deep at most."""
    if depth <= 0 or kind.is_list:
        return leaves(kind)
    inner = {each: expressions(each, depth - 1) for each in AttributeType}
    chosen = joined("({0} ? {1} : {2})", inner[AttributeType.BOOL], inner[kind], inner[kind])
    return st.one_of(leaves(kind), leaves(kind), _operations(kind, inner), _operations(kind, inner), chosen)


def _operations(kind: AttributeType, inner: dict[AttributeType, Texts]) -> Texts:
    integer, double, string = inner[AttributeType.INT], inner[AttributeType.DOUBLE], inner[AttributeType.STRING]
    moment = inner[AttributeType.TIMESTAMP]
    any_list = st.one_of([inner[each] for each in AttributeType if each.is_list])
    match kind:
        case AttributeType.BOOL:
            return _conditions(inner)
        case AttributeType.INT:
            arithmetic = [joined(f"({{0}} {sign} {{1}})", integer, integer) for sign in "+-*/%"]
            return st.one_of(
                *arithmetic,
                joined("size({0})", any_list),
                joined("size({0})", string),
                joined("({0}).size()", string),
                joined("days_since({0})", moment),
                joined("hours_since({0})", moment),
                joined("(-({0}))", integer),
                joined("int({0})", double),
            )
        case AttributeType.DOUBLE:
            return st.one_of(
                *(joined(f"({{0}} {sign} {{1}})", double, double) for sign in "+-*/"), joined("double({0})", integer)
            )
        case AttributeType.STRING:
            return joined("({0} + {1})", string, string)
        case _:
            return leaves(kind)


def _conditions(inner: dict[AttributeType, Texts]) -> Texts:
    condition = inner[AttributeType.BOOL]
    scalars = [each for each in AttributeType if not each.is_list]
    compared = [
        joined(f"({{0}} {sign} {{1}})", inner[each], inner[each])
        for each in scalars
        for sign in ("==", "!=", "<", "<=", ">", ">=")
    ]
    members = [joined("({0} in {1})", inner[each], inner[AttributeType(each + 5)]) for each in scalars]
    text, moment = inner[AttributeType.STRING], inner[AttributeType.TIMESTAMP]
    return st.one_of(
        *compared,
        *members,
        *(joined(f"({{0}}).{name}({{1}})", text, text) for name in ("startsWith", "endsWith", "contains")),
        joined("({0} && {1})", condition, condition),
        joined("({0} || {1})", condition, condition),
        joined("({0} && {1} && {2})", condition, condition, condition),
        joined("({0} || {1} || {2})", condition, condition, condition),
        joined("!({0})", condition),
        joined("within({0}, {1})", moment, st.sampled_from(SPANS)),
        joined("is_anniversary({0})", moment),
        joined("owns({0}, {1})", inner[AttributeType.STRING_LIST], text),
        joined("owns({0}, {1})", inner[AttributeType.INT_LIST], inner[AttributeType.INT]),
        joined(
            "{0}.exists(x, x == {1} || {2})",
            inner[AttributeType.INT_LIST],
            inner[AttributeType.INT],
            leaves(AttributeType.BOOL),
        ),
        joined("{0}.all(x, x != {1})", inner[AttributeType.STRING_LIST], text),
        joined('({0}).matches("^[ab]+$")', text),
    )


@given(when=expressions(AttributeType.BOOL, 3), facts=FACTS)
@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@example(when="age in []", facts={"age": NOT_FOUND})
@example(when="age == -9223372036854775808 || -age > 0", facts={"age": present(-(2**63))})
@example(when="1.0 / margin > 0.0", facts={"margin": present(-0.0)})
@example(when="margin in [0.0]", facts={"margin": present(-0.0)})
@example(when='tier < "\U0001f600"', facts={"tier": present("\uffff")})
@example(when="days_since(last_purchase) == 0 && last_purchase > now()", facts={"last_purchase": present(MOMENTS[3])})
@example(when='last_purchase == timestamp("2026-06-15T12:00:00.0000001Z")', facts={"last_purchase": present(NOW_TIME)})
@example(when="action.price > margin && margin < action.price", facts={"margin": present(2.5)})
@example(when='within(last_purchase, "3d")', facts={"last_purchase": present(MOMENTS[4])})
@example(when='!within(last_purchase, duration("24h"))', facts={"last_purchase": present(MOMENTS[3])})
@example(when='within(last_purchase, "1d") || vip', facts={"vip": present(True)})
@example(when='within(action.launch, "3d")', facts={})
@example(when="is_anniversary(last_purchase)", facts={"last_purchase": present(NOW_TIME.replace(year=1987))})
@example(when="owns(brands, action.brand)", facts={"brands": present(("a",))})
@example(when="[1, 2].exists(age, age > 1) && age < 0", facts={"age": present(-1)})
def test_index_and_library_agree(when: str, facts: dict[str, Feature]) -> None:
    assume(not always_fails(when, TYPES, CONSTANTS))
    expected = library_verdict(when, TYPES, facts, CONSTANTS)
    assert indexed_verdict(when, TYPES, facts, CONSTANTS) == expected
