"""Whether a trait schema makes sense: every fault at once, each with its path."""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.domain.aggregate_check import aggregate_faults, relation_faults
from services.profile.domain.declaration_check import event_type_faults, namespace_faults, purpose_declaration_faults
from services.profile.domain.faults import Faults, name_faults, period_faults, purpose_faults
from services.profile.domain.ledger.limits import check_contact_limits
from services.profile.domain.schema import TraitDeclaration, TraitSchema
from shared.errors import InvalidArgument, Violation
from shared.time_zones import is_time_zone
from shared.values import AttributeType, conform

MAX_TRAITS = 2_000
MAX_AGGREGATES = 500
MAX_NAMESPACES = 200
MAX_PURPOSES = 200
MAX_EVENT_TYPES = 2_000
MAX_ALLOWED = 1_000


def check_schema(schema: TraitSchema, path: str) -> None:
    """Raises InvalidArgument with a violation per fault."""
    violations = [Violation(f"{path}.{place}", text) for place, text in _faults(schema)]
    if violations:
        text = "; ".join(f"{each.field}: {each.description}" for each in violations[:3])
        raise InvalidArgument("INVALID_FIELD", text, metadata={"field": violations[0].field}, violations=violations)


def _faults(schema: TraitSchema) -> Faults:
    for name, declared, limit in (
        ("traits", schema.traits, MAX_TRAITS),
        ("aggregates", schema.aggregates, MAX_AGGREGATES),
        ("namespaces", schema.namespaces, MAX_NAMESPACES),
        ("purposes", schema.purposes, MAX_PURPOSES),
        ("event_types", schema.event_types, MAX_EVENT_TYPES),
    ):
        if len(declared) > limit:
            yield name, f"must be at most {limit}"
    attributes: list[tuple[str, str]] = [(f"traits[{i}].name", each.name) for i, each in enumerate(schema.traits)]
    attributes += [(f"aggregates[{i}].name", each.name) for i, each in enumerate(schema.aggregates)]
    yield from name_faults(attributes, "traits and aggregates")
    yield from _trait_faults(schema.traits)
    yield from aggregate_faults(schema)
    yield from relation_faults(schema.relations)
    yield from namespace_faults(schema.namespaces)
    yield from purpose_declaration_faults(schema.purposes)
    yield from event_type_faults(schema.event_types)
    yield from check_contact_limits(schema.contact_limits, "contact_limits")
    yield from _time_zone_faults(schema)


def _trait_faults(traits: Sequence[TraitDeclaration]) -> Faults:
    for index, trait in enumerate(traits):
        path = f"traits[{index}]"
        yield from period_faults(f"{path}.ttl", trait.ttl_ms)
        yield from period_faults(f"{path}.retention", trait.retention_ms)
        yield from purpose_faults(f"{path}.purposes", trait.purposes)
        if len(set(trait.precedence)) < len(trait.precedence):
            yield f"{path}.precedence", "must name each source at most once"
        if trait.indexed and trait.type.is_list:
            yield f"{path}.indexed", "is for scalars only"
        if len(trait.allowed) > MAX_ALLOWED:
            yield f"{path}.allowed", f"must be at most {MAX_ALLOWED}"
        for place, value in enumerate(trait.allowed):
            try:
                is_empty = conform(value, trait.type.element) is None
            except ValueError as wrong:
                yield f"{path}.allowed[{place}]", f"must be {wrong}"
            else:
                if is_empty:
                    yield f"{path}.allowed[{place}]", "must be a value: null is always allowed"


def _time_zone_faults(schema: TraitSchema) -> Faults:
    if not is_time_zone(schema.default_time_zone):
        yield "default_time_zone", f"{schema.default_time_zone[:80]!r} is no IANA time zone such as Europe/Paris"
    name = schema.time_zone_trait
    if name and not any(trait.name == name and trait.type is AttributeType.STRING for trait in schema.traits):
        yield "time_zone_trait", f"{name[:80]!r} is not a declared trait of type string"
