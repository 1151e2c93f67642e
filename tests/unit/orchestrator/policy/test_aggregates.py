"""Aggregates, ready ones and relations reach the profile service as they are meant; faults their place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.orchestrator.domain.policy.aggregates import MEASURES
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy.ready import PACKAGES, READY
from services.orchestrator.domain.policy_parts import AggregatePart, RelationPart, TraitPart
from services.profile.domain.aggregates.formula import Formula, Measure
from shared.clock import MS_PER_DAY
from shared.values import AttributeType

Found = Callable[[str | dict[str, str]], list[str]]
Compiled = Callable[[str], CompiledPolicy]

TEXT, DOUBLE = AttributeType.STRING, AttributeType.DOUBLE


def aggregate(written: str) -> str:
    return f"aggregates: {{n: {{{written}}}}}"


KIND = "properties: {kind: string}"
# The finding stands behind each ^.
CASES = {
    "mean of nothing": ("aggregates: {^n: {event: e, measure: mean}}", "MISSING_KEY"),
    "top of no number": ("aggregates: {^n: {event: e, measure: top_k, property: p}}", "MISSING_KEY"),
    "top of too many": (aggregate("event: e, measure: top_k, property: p, k: ^101"), "OUT_OF_RANGE"),
    "share of what": ("aggregates: {^n: {event: e, measure: share}}", "MISSING_KEY"),
    "no measure": ("aggregates: {^n: {event: e}}", "MISSING_KEY"),
    "condition of a count": (aggregate("event: e, measure: count, condition: ^'true'"), "UNKNOWN_KEY"),
    "window of what is owned": (aggregate("event: e, measure: owned, property: p, window: ^1d"), "UNKNOWN_KEY"),
    "calendar of a rate": (
        aggregate("event: e, measure: decayed_rate, half_life: 1d, calendar: ^day"),
        "UNKNOWN_KEY",
    ),
    "two windows": (aggregate("event: e, measure: count, window: 1d, calendar: ^day"), "OUT_OF_RANGE"),
    "unit before none": (aggregate("event: e, measure: count, previous: ^true"), "OUT_OF_RANGE"),
    "unknown unit": (aggregate("event: e, measure: count, calendar: ^fortnight"), "OUT_OF_RANGE"),
    "filter over an undeclared property": (
        aggregate("event: e, measure: count, filter: \"^event.kind == 'x'\""),
        "UNKNOWN_ATTRIBUTE",
    ),
    "filter of another type": (aggregate(f"event: e, measure: count, {KIND}, filter: 'event.kind ^== 3'"), "CEL_TYPE"),
    "filter that is no condition": (aggregate(f"event: e, measure: count, {KIND}, filter: ^event.kind"), "NOT_BOOL"),
    "filter by the time of day": (
        aggregate("event: e, measure: count, filter: '^now() == ^now()'"),
        "UNKNOWN_FUNCTION",
    ),
    "filter that asks whether something is there": (
        aggregate("event: e, measure: count, properties: {ok: bool}, filter: 'has^(event.ok)'"),
        "CEL_TYPE",
    ),
    "filter with a pattern that is none": (
        aggregate(f"event: e, measure: count, {KIND}, filter: event.kind.matches(^'(')"),
        "INVALID_PATTERN",
    ),
    "filter on a later line": (
        f"aggregates:\n  n:\n    event: e\n    measure: count\n    {KIND}\n"
        "    filter: >\n      event.kind == 'a'\n      || ^event.knid == 'b'\n",
        "UNKNOWN_ATTRIBUTE",
    ),
    "property of no type": (aggregate("event: e, measure: count, properties: {kind: ^text}"), "WRONG_TYPE"),
    "property of an event of no type": ("event_types: {e: {properties: {kind: ^text}}}", "WRONG_TYPE"),
    "unknown relation": (
        aggregate("event: e, measure: owned, property: p, relation: ^implies"),
        "UNKNOWN_RELATION",
    ),
    "relation twice": ("relations: {implies: {}, ^implies: {}}", "DUPLICATE_RELATION"),
    "relation to a mapping": ("relations: {implies: {game: ^{console: x}}}", "WRONG_TYPE"),
    "relation of nothing": ("relations: {implies: {game: ^''}}", "OUT_OF_RANGE"),
    "unknown ready aggregate": (aggregate("ready: ^recncy"), "OUT_OF_RANGE"),
    "unknown package": ("use: [^rfn]", "OUT_OF_RANGE"),
    "package twice": ("use: [rfm, ^rfm]", "DUPLICATE_KEY"),
    "packages as a word": ("use: ^rfm", "WRONG_TYPE"),
    "package that is told what it does not know": ("use: {rfm: {^brand: x}}", "UNKNOWN_KEY"),
    "package over a trait": ("traits: {recency: {type: int}}\nuse: [^rfm]", "DUPLICATE_AGGREGATE"),
    "package with an unknown relation": ("use: {owned: {relation: ^implies}}", "UNKNOWN_RELATION"),
    "source of no kind": ("traits: {age: {type: int, precedence: [^hearsay]}}", "OUT_OF_RANGE"),
    "source twice": ("traits: {age: {type: int, precedence: ^[computed, computed]}}", "OUT_OF_RANGE"),
}


@pytest.mark.parametrize(("marked", "code"), CASES.values(), ids=CASES)
def test_a_fault_is_told_where_it_stands(marked: str, code: str, found: Found) -> None:
    expected = [
        f"{number}:{column - before} {code}"
        for number, line in enumerate(marked.split("\n"), 1)
        for before, column in enumerate(place + 1 for place, each in enumerate(line) if each == "^")
    ]
    assert found(marked.replace("^", "")) == expected


def test_aggregates_reach_the_profile_service_as_they_are_written(compiled: Compiled, small: str) -> None:
    declared = """\
event_types: {purchase: {properties: {category: string, amount: double}}}
relations: {implies: {game: [console, pad], console: tv, 7: 8}}
aggregates:
  shoes: {event: purchase, measure: sum, property: amount, calendar: month, previous: true, filter: &f "%s"}
  promo: {event: order, measure: share, condition: event.code != "", properties: {code: string}, window: 30d}
  brands: {event: view, measure: top_k, property: brand, k: 3}
  owned: {event: purchase, measure: owned, property: sku, returned_event: return, relation: implies}
  first: {event: view, measure: first, property: page, type: string}
traits:
  size: {type: string, precedence: [computed, explicit]}
"""
    shoes = "event.category == 'shoes' && event.amount > 5.0"
    schema = compiled(small.replace("traits:\n", declared.replace("&f ", "") % shoes)).trait_schema
    types = (("category", TEXT), ("amount", DOUBLE))
    assert schema.aggregates == (
        AggregatePart(
            "shoes", "purchase", "SUM", "amount", calendar="MONTH", previous=True, filter=shoes, properties=types
        ),
        AggregatePart(
            "promo",
            "order",
            "SHARE",
            window_ms=30 * MS_PER_DAY,
            condition='event.code != ""',
            properties=(("code", TEXT),),
        ),
        AggregatePart("brands", "view", "TOP_K", "brand", k=3),
        AggregatePart(
            "owned", "purchase", "OWNED", "sku", returned_event="return", relation="implies", properties=types
        ),
        AggregatePart("first", "view", "FIRST", "page", type=TEXT),
    )
    assert schema.relations == (
        RelationPart("implies", (("game", "console"), ("game", "pad"), ("console", "tv"), ("7", "8"))),
    )
    assert schema.traits[0] == TraitPart("size", TEXT, precedence=("COMPUTED", "EXPLICIT"))


def test_conditions_know_the_types_of_aggregates(compiled: Compiled, small: str) -> None:
    policy = compiled(small + "use: [rfm, basket, affinity, engagement, owned]\n")
    types = {each.name: each.type for each in policy.rule_set.attributes}
    assert types["recency"] is AttributeType.INT
    assert types["owned_products"] is AttributeType.STRING_LIST
    assert types["average_order_value"] is DOUBLE
    assert types["hours_of_week"] is AttributeType.INT_LIST
    features = {each.name for each in policy.feature_set.features}
    assert {"recency", "top_brands", "best_hour"} <= features
    assert not {"hours_of_week", "owned_products"} & features


def test_what_is_no_feature_by_itself_may_be_made_one(compiled: Compiled, small: str) -> None:
    declared = "aggregates: {mine: {ready: owned_products, predictive: true}, hours: {ready: hours_of_week}}\n"
    features = {each.name for each in compiled(small + declared).feature_set.features}
    assert "mine" in features
    assert "hours" not in features


def test_a_package_is_taken_by_one_line(compiled: Compiled, small: str) -> None:
    assert compiled(small + "use: [rfm]\n").trait_schema.aggregates == PACKAGES["rfm"]


def test_a_package_is_told_other_names_and_another_window(compiled: Compiled, small: str) -> None:
    told = "use: {basket: {purchase: order, amount: total, promotion: coupon, window: 365d}}\n"
    parts = {part.name: part for part in compiled(small + told).trait_schema.aggregates}
    year_ms = 365 * MS_PER_DAY
    assert parts["average_order_value"] == AggregatePart(
        "average_order_value", "order", "MEAN", "total", window_ms=year_ms
    )
    assert parts["promotion_share"] == AggregatePart(
        "promotion_share",
        "order",
        "SHARE",
        window_ms=year_ms,
        condition="event.coupon != ''",
        properties=(("coupon", TEXT),),
    )


def test_what_the_policy_declares_itself_is_not_overruled_by_a_package(compiled: Compiled, small: str) -> None:
    declared = "use: [rfm]\naggregates: {monetary: {ready: monetary, window: 30d}}\n"
    parts = {part.name: part for part in compiled(small + declared).trait_schema.aggregates}
    assert parts["monetary"] == AggregatePart("monetary", "purchase", "SUM", "amount", window_ms=30 * MS_PER_DAY)
    assert set(parts) == {part.name for part in PACKAGES["rfm"]}


def test_names_of_ready_aggregates_are_unique() -> None:
    assert len(READY) == sum(map(len, PACKAGES.values()))


def test_the_language_has_the_measures_of_the_profile_service_with_their_types() -> None:
    assert {measure.name: Formula(measure, "e").answers for measure in Measure} == dict(MEASURES)
