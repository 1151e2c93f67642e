"""The trait schema: what a profile may hold. Immutable, addressed by the hash of its content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from services.profile.domain.aggregates.formula import Formula
from shared.ids import content_id
from shared.values import AttributeType


@dataclass(frozen=True, slots=True)
class TraitDeclaration:
    """`allowed` holds values of the type, or of the elements of a list type; empty: any value. `ttl_ms` 0: for ever."""

    name: str
    type: AttributeType
    allowed: tuple[Any, ...] = ()
    ttl_ms: int = 0
    immutable: bool = False


@dataclass(frozen=True, slots=True)
class AggregateDeclaration:
    name: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class NamespaceDeclaration:
    name: str
    known: bool


@dataclass(frozen=True, slots=True)
class TraitSchema:
    traits: tuple[TraitDeclaration, ...] = ()
    aggregates: tuple[AggregateDeclaration, ...] = ()
    namespaces: tuple[NamespaceDeclaration, ...] = ()

    @property
    def version(self) -> str:
        """Equal declarations in any order are one version."""
        return content_id("t", self.in_order())

    def in_order(self) -> TraitSchema:
        by_name = attrgetter("name")
        return replace(
            self,
            traits=tuple(sorted(self.traits, key=by_name)),
            aggregates=tuple(sorted(self.aggregates, key=by_name)),
            namespaces=tuple(sorted(self.namespaces, key=by_name)),
        )
