"""Trait schemas from the wire."""

from __future__ import annotations

from collections.abc import Iterable

from tandem.profile.v1 import trait_pb2

from services.profile.api.mapping import fields
from services.profile.api.mapping.contact_limits import contact_limit
from services.profile.domain.aggregates.formula import Formula, Measure, settled
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
from services.profile.domain.trait_source import TraitSource
from shared.rpc.values import value_from_proto
from shared.values import AttributeType


def schema_from_proto(schema: trait_pb2.TraitSchema) -> TraitSchema:
    return TraitSchema(
        traits=tuple(_trait(each, f"schema.traits[{i}]") for i, each in enumerate(schema.traits)),
        aggregates=tuple(_aggregate(each, f"schema.aggregates[{i}]") for i, each in enumerate(schema.aggregates)),
        namespaces=tuple(_namespace(each, f"schema.namespaces[{i}]") for i, each in enumerate(schema.namespaces)),
        purposes=tuple(_purpose(each, f"schema.purposes[{i}]") for i, each in enumerate(schema.purposes)),
        event_types=tuple(_event_type(each, f"schema.event_types[{i}]") for i, each in enumerate(schema.event_types)),
        relations=tuple(map(_relation, schema.relations)),
        contact_limits=tuple(
            contact_limit(each, f"schema.contact_limits[{i}]") for i, each in enumerate(schema.contact_limits)
        ),
        time_zone_trait=schema.time_zone_trait,
        default_time_zone=schema.default_time_zone or "UTC",
    )


def _trait(declared: trait_pb2.TraitDeclaration, path: str) -> TraitDeclaration:
    return TraitDeclaration(
        name=declared.name,
        type=fields.enum(AttributeType, declared.type, f"{path}.type"),
        allowed=tuple(value_from_proto(value, f"{path}.allowed[{i}]") for i, value in enumerate(declared.allowed)),
        ttl_ms=fields.period_ms(declared, "ttl", f"{path}."),
        immutable=declared.immutable,
        precedence=tuple(
            fields.enum(TraitSource, source, f"{path}.precedence[{i}]") for i, source in enumerate(declared.precedence)
        ),
        retention_ms=fields.period_ms(declared, "retention", f"{path}."),
        purposes=_purposes(declared.purposes),
        indexed=declared.indexed,
    )


def _aggregate(declared: trait_pb2.AggregateDeclaration, path: str) -> AggregateDeclaration:
    formula = Formula(
        measure=fields.enum(Measure, declared.measure, f"{path}.measure"),
        event=declared.event,
        property_name=declared.property,
        window_ms=fields.period_ms(declared, "window", f"{path}."),
        half_life_ms=fields.period_ms(declared, "half_life", f"{path}."),
        type=fields.enum(AttributeType, declared.type, f"{path}.type") if declared.type else None,
        calendar=fields.enum(CalendarUnit, declared.calendar, f"{path}.calendar") if declared.calendar else None,
        is_previous=declared.previous,
        k=declared.k,
        filter=declared.filter,
        condition=declared.condition,
        returned=declared.returned_event,
    )
    properties = {
        name: fields.enum(AttributeType, kind, f'{path}.properties["{name}"]')
        for name, kind in declared.properties.items()
    }
    return AggregateDeclaration(declared.name, settled(formula, properties), declared.relation)


def _relation(declared: trait_pb2.RelationDeclaration) -> RelationDeclaration:
    return RelationDeclaration(declared.name, tuple((pair.item, pair.implied) for pair in declared.pairs))


def _namespace(declared: trait_pb2.NamespaceDeclaration, path: str) -> NamespaceDeclaration:
    return NamespaceDeclaration(
        name=declared.name.strip().lower(),
        known=declared.known,
        shared=declared.shared,
        max_per_profile=declared.max_per_profile,
        normalisation=fields.enum(
            Normalisation, declared.normalisation, f"{path}.normalisation", Normalisation.UNSPECIFIED
        ),
        default_region=declared.default_region.strip().upper(),
    )


def _purpose(declared: trait_pb2.PurposeDeclaration, path: str) -> PurposeDeclaration:
    basis = fields.enum(LegalBasis, declared.basis, f"{path}.basis", LegalBasis.LEGITIMATE_INTEREST)
    return PurposeDeclaration(declared.name.strip().upper(), basis, declared.double_opt_in)


def _event_type(declared: trait_pb2.EventTypeDeclaration, path: str) -> EventTypeDeclaration:
    retention_ms = fields.period_ms(declared, "retention", f"{path}.")
    return EventTypeDeclaration(declared.type, retention_ms, _purposes(declared.purposes))


def _purposes(names: Iterable[str]) -> tuple[str, ...]:
    """A set of them: equal ones are one version, in whatever order they are written."""
    return tuple(sorted({name.strip().upper() for name in names}))
