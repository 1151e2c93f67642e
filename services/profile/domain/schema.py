"""The trait schema: what a profile may hold. Immutable, addressed by the hash of its content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from services.profile.domain.additions import added, content_of
from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.consents import LegalBasis
from services.profile.domain.ledger.limits import ContactLimit
from services.profile.domain.normalisation import Normalisation
from services.profile.domain.relations import RelationDeclaration
from services.profile.domain.trait_source import TraitSource
from shared.ids import content_id
from shared.values import AttributeType


@dataclass(frozen=True, slots=True)
class TraitDeclaration:
    """`allowed` holds values of the type, or of the elements of a list type; empty: any value. `ttl_ms` and
    `retention_ms` 0: for ever.
    """

    name: str
    type: AttributeType
    allowed: tuple[Any, ...] = ()
    ttl_ms: int = 0
    immutable: bool = False
    precedence: tuple[TraitSource, ...] = added(())
    """Whose observation answers: the first of these that is not stale, then the others in the usual order."""
    retention_ms: int = added(0)
    purposes: tuple[str, ...] = added(())
    """Writing it needs a basis for each of them."""
    indexed: bool = added(False)


@dataclass(frozen=True, slots=True)
class AggregateDeclaration:
    name: str
    formula: Formula
    relation: str = added("")
    """Of an OWNED: the relation that says what the owned things imply; empty: nothing."""


@dataclass(frozen=True, slots=True)
class NamespaceDeclaration:
    """`max_per_profile` 0: as many as a profile may hold in all."""

    name: str
    known: bool
    shared: bool = added(False)
    max_per_profile: int = added(0)
    normalisation: Normalisation = added(Normalisation.UNSPECIFIED)
    default_region: str = added("")
    """ISO 3166, of telephone numbers without a country."""


@dataclass(frozen=True, slots=True)
class PurposeDeclaration:
    """What the law asks before data may be used for a purpose; the same as none where it only has a name."""

    name: str
    """In upper case."""
    basis: LegalBasis = LegalBasis.LEGITIMATE_INTEREST
    """CONSENT, LEGITIMATE_INTEREST or CONTRACT."""
    double_opt_in: bool = False


@dataclass(frozen=True, slots=True)
class EventTypeDeclaration:
    """`retention_ms` 0: for ever."""

    type: str
    retention_ms: int = 0
    purposes: tuple[str, ...] = ()
    """Recording it needs a basis for each of them."""


@dataclass(frozen=True, slots=True)
class TraitSchema:
    traits: tuple[TraitDeclaration, ...] = ()
    aggregates: tuple[AggregateDeclaration, ...] = ()
    namespaces: tuple[NamespaceDeclaration, ...] = ()
    purposes: tuple[PurposeDeclaration, ...] = added(())
    event_types: tuple[EventTypeDeclaration, ...] = added(())
    relations: tuple[RelationDeclaration, ...] = added(())
    contact_limits: tuple[ContactLimit, ...] = added(())
    time_zone_trait: str = added("")
    """The trait that holds a person's time zone; empty: none does."""
    default_time_zone: str = added("UTC")

    @property
    def version(self) -> str:
        """Equal declarations in any order are one version."""
        return content_id("t", content_of(self.in_order()))

    def in_order(self) -> TraitSchema:
        by_name = attrgetter("name")
        return replace(
            self,
            traits=tuple(sorted(self.traits, key=by_name)),
            aggregates=tuple(sorted(self.aggregates, key=by_name)),
            namespaces=tuple(sorted(self.namespaces, key=by_name)),
            purposes=tuple(sorted(self.purposes, key=by_name)),
            event_types=tuple(sorted(self.event_types, key=attrgetter("type"))),
            relations=tuple(
                replace(each, pairs=tuple(sorted(set(each.pairs)))) for each in sorted(self.relations, key=by_name)
            ),
            contact_limits=tuple(sorted(self.contact_limits, key=attrgetter("limit_id"))),
        )
