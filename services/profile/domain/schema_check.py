"""Whether a trait schema makes sense: every fault at once, each with its path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.limits import is_name
from services.profile.domain.schema import AggregateDeclaration, NamespaceDeclaration, TraitDeclaration, TraitSchema
from shared.clock import MS_PER_DAY
from shared.errors import InvalidArgument, Violation
from shared.values import conform

MAX_TRAITS = 2_000
MAX_AGGREGATES = 500
MAX_NAMESPACES = 200
MAX_ALLOWED = 1_000
MAX_PROPERTY_LENGTH = 128
MAX_PERIOD_MS = 36_525 * MS_PER_DAY
"""A hundred years."""

Faults = Iterator[tuple[str, str]]
"""Path within the schema and what is wrong there."""


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
    ):
        if len(declared) > limit:
            yield name, f"must be at most {limit}"
    attributes: list[tuple[str, str]] = [(f"traits[{i}].name", each.name) for i, each in enumerate(schema.traits)]
    attributes += [(f"aggregates[{i}].name", each.name) for i, each in enumerate(schema.aggregates)]
    yield from _name_faults(attributes, "traits and aggregates")
    yield from _trait_faults(schema.traits)
    yield from _aggregate_faults(schema.aggregates)
    yield from _namespace_faults(schema.namespaces)


def _name_faults(names: Sequence[tuple[str, str]], among: str) -> Faults:
    taken: set[str] = set()
    for path, name in names:
        if not is_name(name):
            yield path, f"{name!r} must match [a-z][a-z0-9_]*, at most 64 characters"
        if name in taken:
            yield path, f"{name!r} is declared twice: names are unique among {among}"
        taken.add(name)


def _trait_faults(traits: Sequence[TraitDeclaration]) -> Faults:
    for index, trait in enumerate(traits):
        path = f"traits[{index}]"
        if not 0 <= trait.ttl_ms <= MAX_PERIOD_MS:
            yield f"{path}.ttl", "must be positive and at most a hundred years"
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


def _aggregate_faults(aggregates: Sequence[AggregateDeclaration]) -> Faults:
    for index, aggregate in enumerate(aggregates):
        for field, text in _formula_faults(aggregate.formula):
            yield f"aggregates[{index}].{field}", text


def _formula_faults(formula: Formula) -> Faults:
    measure = formula.measure
    if not is_name(formula.event):
        yield "event", f"{formula.event!r} must match [a-z][a-z0-9_]*, at most 64 characters"
    yield from _need_faults("property", bool(formula.property_name), measure.needs_property, measure)
    yield from _need_faults("half_life", bool(formula.half_life_ms), measure is Measure.DECAYED_RATE, measure)
    if measure is Measure.LAST and formula.type is None:
        yield "type", "is needed by LAST"
    if len(formula.property_name) > MAX_PROPERTY_LENGTH or not formula.property_name.isprintable():
        yield "property", f"must have at most {MAX_PROPERTY_LENGTH} printable characters"
    for field, period_ms in (("window", formula.window_ms), ("half_life", formula.half_life_ms)):
        if not 0 <= period_ms <= MAX_PERIOD_MS:
            yield field, "must be positive and at most a hundred years"


def _need_faults(field: str, is_set: bool, is_needed: bool, measure: Measure) -> Faults:
    if is_needed and not is_set:
        yield field, f"is needed by {measure.name}"
    if is_set and not is_needed:
        yield field, f"is not used by {measure.name}"


def _namespace_faults(namespaces: Sequence[NamespaceDeclaration]) -> Faults:
    yield from _name_faults([(f"namespaces[{i}].name", each.name) for i, each in enumerate(namespaces)], "namespaces")
