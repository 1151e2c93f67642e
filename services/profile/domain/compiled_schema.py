"""A trait schema prepared for use: looked up by name, aggregates with their rules and keys at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.rules import Rule, rule_of
from services.profile.domain.aggregates.states import State
from services.profile.domain.identities import KNOWN_NAMESPACES
from services.profile.domain.schema import TraitDeclaration, TraitSchema


@dataclass(frozen=True, slots=True)
class CompiledAggregate:
    """One name may stand for the same formula, and so the same state, as another name."""

    name: str
    key: str
    event: str
    formula: Formula
    rule: Rule
    empty: State


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    version: str
    """Empty where no schema was ever published."""
    traits: Mapping[str, TraitDeclaration]
    aggregates: tuple[CompiledAggregate, ...]
    known_namespaces: Mapping[str, bool]


def compile_schema(schema: TraitSchema, version: str) -> CompiledSchema:
    return CompiledSchema(
        version=version,
        traits={declaration.name: declaration for declaration in schema.traits},
        aggregates=tuple(_compiled(declared.name, declared.formula) for declared in schema.aggregates),
        known_namespaces={**KNOWN_NAMESPACES, **{declared.name: declared.known for declared in schema.namespaces}},
    )


def _compiled(name: str, formula: Formula) -> CompiledAggregate:
    rule = rule_of(formula)
    return CompiledAggregate(name, formula.key, formula.event, formula, rule, rule.empty())


NO_SCHEMA = compile_schema(TraitSchema(), "")
"""What holds before the first schema: no traits, no aggregates, the usual namespaces."""
