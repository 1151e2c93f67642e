"""A trait schema prepared for use: looked up by name, aggregates with their rules and keys at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.aggregates.rules import Rule, rule_of
from services.profile.domain.aggregates.states import State
from services.profile.domain.identities import DEFAULT_NAMESPACES, KNOWN_NAMESPACES, Namespaces
from services.profile.domain.identity_rules import IdentityRules
from services.profile.domain.ledger.matching import ContactLimits
from services.profile.domain.relations import Relation, relation_of
from services.profile.domain.schema import (
    AggregateDeclaration,
    EventTypeDeclaration,
    PurposeDeclaration,
    TraitDeclaration,
    TraitSchema,
)


@dataclass(frozen=True, slots=True)
class CompiledAggregate:
    """One name may stand for the same formula, and so the same state, as another name."""

    name: str
    key: str
    events: tuple[str, ...]
    """The types of the events it looks at."""
    formula: Formula
    rule: Rule
    empty: State
    relation: Relation | None
    """What adds to the answer."""


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    version: str
    """Empty where no schema was ever published."""
    traits: Mapping[str, TraitDeclaration]
    aggregates: tuple[CompiledAggregate, ...]
    known_namespaces: Mapping[str, bool]
    identity_rules: IdentityRules
    namespaces: Namespaces
    purposes: Mapping[str, PurposeDeclaration]
    """Those that are declared, by upper-case name."""
    event_types: Mapping[str, EventTypeDeclaration]
    """Those that are declared."""
    indexed_traits: tuple[str, ...]
    """The names of those that an index is kept of, in their order."""
    retained_traits: Mapping[str, TraitDeclaration]
    """The traits that are deleted after some time."""
    contact_limits: ContactLimits
    needs_zone: bool
    """Whether an aggregate goes by the time zone of the person."""
    time_zone_trait: str
    default_time_zone: str


def compile_schema(schema: TraitSchema, version: str) -> CompiledSchema:
    relations = {declared.name: relation_of(declared.pairs) for declared in schema.relations}
    return CompiledSchema(
        version=version,
        traits={declaration.name: declaration for declaration in schema.traits},
        aggregates=tuple(_compiled(declared, relations) for declared in schema.aggregates),
        known_namespaces={**KNOWN_NAMESPACES, **{declared.name: declared.known for declared in schema.namespaces}},
        identity_rules=IdentityRules.of(schema.namespaces),
        namespaces={**DEFAULT_NAMESPACES, **{declared.name: declared for declared in schema.namespaces}},
        purposes={declared.name: declared for declared in schema.purposes},
        event_types={declared.type: declared for declared in schema.event_types},
        indexed_traits=tuple(sorted(declared.name for declared in schema.traits if declared.indexed)),
        retained_traits={declared.name: declared for declared in schema.traits if declared.retention_ms},
        contact_limits=ContactLimits(schema.contact_limits),
        needs_zone=any(_goes_by_zone(declared.formula) for declared in schema.aggregates),
        time_zone_trait=schema.time_zone_trait,
        default_time_zone=schema.default_time_zone,
    )


def _compiled(declared: AggregateDeclaration, relations: Mapping[str, Relation]) -> CompiledAggregate:
    formula = declared.formula
    rule = rule_of(formula)
    return CompiledAggregate(
        name=declared.name,
        key=formula.key,
        events=formula.events,
        formula=formula,
        rule=rule,
        empty=rule.empty(),
        relation=relations.get(declared.relation),
    )


def _goes_by_zone(formula: Formula) -> bool:
    return formula.calendar is not None or formula.measure in (Measure.HOUR_OF_WEEK, Measure.BEST_HOUR)


NO_SCHEMA = compile_schema(TraitSchema(), "")
"""What holds before the first schema: no traits, no aggregates, the usual namespaces."""
