"""A trait schema is checked whole: every fault at once, each with its path."""

from __future__ import annotations

import pytest

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.schema import AggregateDeclaration, NamespaceDeclaration, TraitDeclaration, TraitSchema
from services.profile.domain.schema_check import check_schema
from shared.errors import InvalidArgument
from shared.values import AttributeType

AGE = TraitDeclaration("age", AttributeType.INT)


def aggregate(formula: Formula) -> TraitSchema:
    return TraitSchema(aggregates=(AggregateDeclaration("a", formula),))


def faults(schema: TraitSchema) -> list[str]:
    try:
        check_schema(schema, "schema")
    except InvalidArgument as refused:
        return [violation.field for violation in refused.violations]
    return []


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        (TraitSchema(traits=(TraitDeclaration("Age", AttributeType.INT),)), ["schema.traits[0].name"]),
        (TraitSchema(traits=(TraitDeclaration("", AttributeType.INT),)), ["schema.traits[0].name"]),
        (TraitSchema(traits=(AGE, AGE)), ["schema.traits[1].name"]),
        (
            TraitSchema((AGE,), (AggregateDeclaration("age", Formula(Measure.COUNT, "view")),)),
            ["schema.aggregates[0].name"],
        ),
        (TraitSchema(traits=(TraitDeclaration("x", AttributeType.INT, (1, "a")),)), ["schema.traits[0].allowed[1]"]),
        (TraitSchema(traits=(TraitDeclaration("x", AttributeType.INT, (None,)),)), ["schema.traits[0].allowed[0]"]),
        (TraitSchema(traits=(TraitDeclaration("x", AttributeType.INT, ((1,),)),)), ["schema.traits[0].allowed[0]"]),
        (TraitSchema(traits=(TraitDeclaration("x", AttributeType.INT, ttl_ms=-1),)), ["schema.traits[0].ttl"]),
        (TraitSchema(traits=(TraitDeclaration("x", AttributeType.INT, ttl_ms=10**14),)), ["schema.traits[0].ttl"]),
        (aggregate(Formula(Measure.SUM, "view")), ["schema.aggregates[0].property"]),
        (aggregate(Formula(Measure.DISTINCT, "view")), ["schema.aggregates[0].property"]),
        (aggregate(Formula(Measure.LAST, "view", "x")), ["schema.aggregates[0].type"]),
        (aggregate(Formula(Measure.COUNT, "view", "x")), ["schema.aggregates[0].property"]),
        (aggregate(Formula(Measure.COUNT, "View")), ["schema.aggregates[0].event"]),
        (aggregate(Formula(Measure.DECAYED_RATE, "view")), ["schema.aggregates[0].half_life"]),
        (aggregate(Formula(Measure.COUNT, "view", half_life_ms=5)), ["schema.aggregates[0].half_life"]),
        (aggregate(Formula(Measure.COUNT, "view", window_ms=-5)), ["schema.aggregates[0].window"]),
        (
            TraitSchema(namespaces=(NamespaceDeclaration("crm", True), NamespaceDeclaration("crm", False))),
            ["schema.namespaces[1].name"],
        ),
    ],
)
def test_a_fault_is_named_by_its_path(schema: TraitSchema, fields: list[str]) -> None:
    assert faults(schema) == fields


def test_all_faults_are_told_at_once() -> None:
    schema = TraitSchema((TraitDeclaration("A", AttributeType.INT),), aggregate(Formula(Measure.SUM, "V")).aggregates)
    assert len(faults(schema)) == 3


def test_a_sound_schema_passes() -> None:
    assert not faults(
        TraitSchema(
            (AGE, TraitDeclaration("tiers", AttributeType.STRING_LIST, ("gold",), ttl_ms=1)),
            aggregate(Formula(Measure.LAST, "view", "x", 10, type=AttributeType.STRING)).aggregates,
            (NamespaceDeclaration("cookie", False),),
        )
    )


def test_equal_declarations_in_any_order_are_one_version() -> None:
    size = TraitDeclaration("size", AttributeType.STRING)
    assert TraitSchema((AGE, size)).version == TraitSchema((size, AGE)).version
    assert TraitSchema((AGE,)).version != TraitSchema((TraitDeclaration("age", AttributeType.INT, ttl_ms=1),)).version
