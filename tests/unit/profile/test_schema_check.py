"""A trait schema is checked whole: every fault at once, each with its path."""

from __future__ import annotations

from typing import Any

import pytest

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.consents import LegalBasis
from services.profile.domain.ledger.limits import CalendarUnit
from services.profile.domain.normalisation import Normalisation
from services.profile.domain.relations import RelationDeclaration
from services.profile.domain.schema import (
    AggregateDeclaration,
    EventTypeDeclaration,
    NamespaceDeclaration,
    PurposeDeclaration,
    TraitDeclaration,
    TraitSchema,
)
from services.profile.domain.schema_check import check_schema
from services.profile.domain.trait_source import TraitSource
from shared.errors import InvalidArgument
from shared.values import AttributeType

ZONE = TraitDeclaration("zone", AttributeType.STRING, retention_ms=1, purposes=("PROFILING",), indexed=True)
AGE = TraitDeclaration("age", AttributeType.INT)


def aggregate(formula: Formula) -> TraitSchema:
    return TraitSchema(aggregates=(AggregateDeclaration("a", formula),))


def namespace(name: str, *, known: bool = False, **rest: Any) -> TraitSchema:
    return TraitSchema(namespaces=(NamespaceDeclaration(name, known, **rest),))


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
        (aggregate(Formula(Measure.MEAN, "view")), ["schema.aggregates[0].property"]),
        (aggregate(Formula(Measure.FIRST, "view", "x")), ["schema.aggregates[0].type"]),
        (aggregate(Formula(Measure.TOP_K, "view", "x")), ["schema.aggregates[0].k"]),
        (aggregate(Formula(Measure.TOP_K, "view", "x", k=101)), ["schema.aggregates[0].k"]),
        (aggregate(Formula(Measure.TOP_K, "view", "x", k=-1)), ["schema.aggregates[0].k"]),
        (aggregate(Formula(Measure.COUNT, "view", k=2)), ["schema.aggregates[0].k"]),
        (aggregate(Formula(Measure.SHARE, "view")), ["schema.aggregates[0].condition"]),
        (aggregate(Formula(Measure.COUNT, "view", condition="true")), ["schema.aggregates[0].condition"]),
        (aggregate(Formula(Measure.COUNT, "view", filter="event.x > 3")), ["schema.aggregates[0].filter"]),
        (aggregate(Formula(Measure.COUNT, "view", filter="1 + 1")), ["schema.aggregates[0].filter"]),
        (aggregate(Formula(Measure.COUNT, "view", filter="x" * 2_001)), ["schema.aggregates[0].filter"]),
        (
            aggregate(Formula(Measure.COUNT, "view", properties=(("a b", AttributeType.INT),))),
            ['schema.aggregates[0].properties["a b"]'],
        ),
        (
            aggregate(Formula(Measure.COUNT, "view", window_ms=5, calendar=CalendarUnit.DAY)),
            ["schema.aggregates[0].calendar"],
        ),
        (aggregate(Formula(Measure.COUNT, "view", is_previous=True)), ["schema.aggregates[0].previous"]),
        (
            aggregate(Formula(Measure.DECAYED_RATE, "view", half_life_ms=5, calendar=CalendarUnit.DAY)),
            ["schema.aggregates[0].calendar"],
        ),
        (aggregate(Formula(Measure.OWNED, "view", "x", window_ms=5)), ["schema.aggregates[0].window"]),
        (aggregate(Formula(Measure.OWNED, "view", "x", returned="view")), ["schema.aggregates[0].returned_event"]),
        (aggregate(Formula(Measure.COUNT, "view", returned="back")), ["schema.aggregates[0].returned_event"]),
        (
            TraitSchema(aggregates=(AggregateDeclaration("a", Formula(Measure.OWNED, "view", "x"), "implies"),)),
            ["schema.aggregates[0].relation"],
        ),
        (
            TraitSchema(
                aggregates=(AggregateDeclaration("a", Formula(Measure.COUNT, "view"), "implies"),),
                relations=(RelationDeclaration("implies"),),
            ),
            ["schema.aggregates[0].relation"],
        ),
        (
            TraitSchema(relations=(RelationDeclaration("implies", (("a", ""), ("b" * 257, "c"))),)),
            ["schema.relations[0].pairs[0].implied", "schema.relations[0].pairs[1].item"],
        ),
        (TraitSchema(relations=(RelationDeclaration("r"), RelationDeclaration("r"))), ["schema.relations[1].name"]),
        (
            TraitSchema((TraitDeclaration("x", AttributeType.INT, precedence=(TraitSource.COMPUTED,) * 2),)),
            ["schema.traits[0].precedence"],
        ),
        (aggregate(Formula(Measure.DECAYED_RATE, "view")), ["schema.aggregates[0].half_life"]),
        (aggregate(Formula(Measure.COUNT, "view", half_life_ms=5)), ["schema.aggregates[0].half_life"]),
        (aggregate(Formula(Measure.COUNT, "view", window_ms=-5)), ["schema.aggregates[0].window"]),
        (
            TraitSchema(namespaces=(NamespaceDeclaration("crm", True), NamespaceDeclaration("crm", False))),
            ["schema.namespaces[1].name"],
        ),
        (
            TraitSchema(traits=(TraitDeclaration("x", AttributeType.INT, retention_ms=-1),)),
            ["schema.traits[0].retention"],
        ),
        (
            TraitSchema(traits=(TraitDeclaration("x", AttributeType.INT, purposes=("profiling", "A", "A")),)),
            ["schema.traits[0].purposes[0]", "schema.traits[0].purposes[2]"],
        ),
        (
            TraitSchema(traits=(TraitDeclaration("x", AttributeType.INT_LIST, indexed=True),)),
            ["schema.traits[0].indexed"],
        ),
        (namespace("profile"), ["schema.namespaces[0].name"]),
        (namespace("link_token"), ["schema.namespaces[0].name"]),
        (namespace("erased"), ["schema.namespaces[0].name"]),
        (namespace("tablet", known=True, shared=True), ["schema.namespaces[0].shared"]),
        (namespace("crm", max_per_profile=-1), ["schema.namespaces[0].max_per_profile"]),
        (namespace("crm", max_per_profile=1_001), ["schema.namespaces[0].max_per_profile"]),
        (namespace("phone", default_region="FR"), ["schema.namespaces[0].default_region"]),
        (
            namespace("phone", normalisation=Normalisation.E164, default_region="XX"),
            ["schema.namespaces[0].default_region"],
        ),
        (
            TraitSchema(purposes=(PurposeDeclaration("MARKETING"), PurposeDeclaration("MARKETING"))),
            ["schema.purposes[1].name"],
        ),
        (TraitSchema(purposes=(PurposeDeclaration(""),)), ["schema.purposes[0].name"]),
        (
            TraitSchema(purposes=(PurposeDeclaration("TRAINING", LegalBasis.SOFT_OPT_IN),)),
            ["schema.purposes[0].basis"],
        ),
        (TraitSchema(event_types=(EventTypeDeclaration("Page"),)), ["schema.event_types[0].type"]),
        (
            TraitSchema(event_types=(EventTypeDeclaration("page"), EventTypeDeclaration("page", 1))),
            ["schema.event_types[1].type"],
        ),
        (TraitSchema(event_types=(EventTypeDeclaration("page", 10**14),)), ["schema.event_types[0].retention"]),
        (TraitSchema(event_types=(EventTypeDeclaration("page", 1, ("x",)),)), ["schema.event_types[0].purposes[0]"]),
        (TraitSchema(time_zone_trait="zone"), ["schema.time_zone_trait"]),
        (TraitSchema((AGE,), time_zone_trait="age"), ["schema.time_zone_trait"]),
        (TraitSchema(default_time_zone="Europe/Pariss"), ["schema.default_time_zone"]),
        (TraitSchema(default_time_zone="../localtime"), ["schema.default_time_zone"]),
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
            (ZONE, AGE, TraitDeclaration("tiers", AttributeType.STRING_LIST, ("gold",), ttl_ms=1)),
            aggregate(Formula(Measure.LAST, "view", "x", 10, type=AttributeType.STRING)).aggregates,
            (
                NamespaceDeclaration("cookie", False),
                NamespaceDeclaration("phone", True, False, 3, Normalisation.E164, "FR"),
                NamespaceDeclaration("tablet", False, shared=True),
            ),
            (PurposeDeclaration("TRAINING", LegalBasis.CONSENT, double_opt_in=True),),
            (EventTypeDeclaration("view", 86_400_000, ("PROFILING", "TRAINING")),),
            time_zone_trait="zone",
            default_time_zone="Pacific/Apia",
        )
    )


def test_equal_declarations_in_any_order_are_one_version() -> None:
    size = TraitDeclaration("size", AttributeType.STRING)
    assert TraitSchema((AGE, size)).version == TraitSchema((size, AGE)).version
    assert TraitSchema((AGE,)).version != TraitSchema((TraitDeclaration("age", AttributeType.INT, ttl_ms=1),)).version


def test_a_schema_that_uses_nothing_new_keeps_its_version() -> None:
    schema = TraitSchema((AGE,), aggregate(Formula(Measure.COUNT, "view", window_ms=5)).aggregates)
    assert schema.version == "t_3d164cd75196a2177c717ed3"


def test_a_fault_of_a_condition_says_where_in_it() -> None:
    schema = aggregate(Formula(Measure.COUNT, "view", filter="event.x > 3", properties=(("x", AttributeType.STRING),)))
    with pytest.raises(InvalidArgument) as refused:
        check_schema(schema, "schema")
    (violation,) = refused.value.violations
    assert violation.description.startswith("1:9: found no matching overload")
