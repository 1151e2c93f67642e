"""Trait schemas from the wire."""

from __future__ import annotations

from tandem.profile.v1 import trait_pb2

from services.profile.api.mapping import fields
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.schema import AggregateDeclaration, NamespaceDeclaration, TraitDeclaration, TraitSchema
from shared.rpc.values import value_from_proto
from shared.values import AttributeType


def schema_from_proto(schema: trait_pb2.TraitSchema) -> TraitSchema:
    return TraitSchema(
        traits=tuple(_trait(each, f"schema.traits[{i}]") for i, each in enumerate(schema.traits)),
        aggregates=tuple(_aggregate(each, f"schema.aggregates[{i}]") for i, each in enumerate(schema.aggregates)),
        namespaces=tuple(NamespaceDeclaration(each.name.strip().lower(), each.known) for each in schema.namespaces),
    )


def _trait(declared: trait_pb2.TraitDeclaration, path: str) -> TraitDeclaration:
    return TraitDeclaration(
        name=declared.name,
        type=fields.enum(AttributeType, declared.type, f"{path}.type"),
        allowed=tuple(value_from_proto(value, f"{path}.allowed[{i}]") for i, value in enumerate(declared.allowed)),
        ttl_ms=fields.period_ms(declared, "ttl", f"{path}."),
        immutable=declared.immutable,
    )


def _aggregate(declared: trait_pb2.AggregateDeclaration, path: str) -> AggregateDeclaration:
    measure = fields.enum(Measure, declared.measure, f"{path}.measure")
    # The type of the other measures is fixed: what a caller says of it is no part of the formula.
    has_type = measure is Measure.LAST and declared.type
    formula = Formula(
        measure=measure,
        event=declared.event,
        property_name=declared.property,
        window_ms=fields.period_ms(declared, "window", f"{path}."),
        half_life_ms=fields.period_ms(declared, "half_life", f"{path}."),
        type=fields.enum(AttributeType, declared.type, f"{path}.type") if has_type else None,
    )
    return AggregateDeclaration(declared.name, formula)
