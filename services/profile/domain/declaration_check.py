"""Whether what a trait schema says of namespaces, purposes and event types makes sense."""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.domain.consents import LegalBasis
from services.profile.domain.faults import Faults, name_faults, period_faults, purpose_faults
from services.profile.domain.identities import MAX_IDENTITIES_OF_PROFILE, RESERVED_NAMESPACES
from services.profile.domain.limits import is_code
from services.profile.domain.normalisation import Normalisation, is_region
from services.profile.domain.schema import EventTypeDeclaration, NamespaceDeclaration, PurposeDeclaration

PURPOSE_BASES = frozenset({LegalBasis.CONSENT, LegalBasis.CONTRACT, LegalBasis.LEGITIMATE_INTEREST})
"""A soft opt-in is what one person said, not what a purpose rests on."""


def namespace_faults(namespaces: Sequence[NamespaceDeclaration]) -> Faults:
    yield from name_faults([(f"namespaces[{i}].name", each.name) for i, each in enumerate(namespaces)], "namespaces")
    for index, namespace in enumerate(namespaces):
        path = f"namespaces[{index}]"
        if namespace.name in RESERVED_NAMESPACES:
            yield f"{path}.name", f"{namespace.name!r} is reserved"
        if namespace.shared and namespace.known:
            yield f"{path}.shared", "must not be together with known: who is named by a known identity is one person"
        if not 0 <= namespace.max_per_profile <= MAX_IDENTITIES_OF_PROFILE:
            yield f"{path}.max_per_profile", f"must be between 0 and {MAX_IDENTITIES_OF_PROFILE}"
        yield from _region_faults(f"{path}.default_region", namespace)


def _region_faults(path: str, namespace: NamespaceDeclaration) -> Faults:
    region = namespace.default_region
    if region and namespace.normalisation is not Normalisation.E164:
        yield path, "is used by the normalisation E164 only"
    elif region and not is_region(region):
        yield path, f"{region[:80]!r} is no ISO 3166 region such as FR"


def purpose_declaration_faults(purposes: Sequence[PurposeDeclaration]) -> Faults:
    taken: set[str] = set()
    for index, purpose in enumerate(purposes):
        path = f"purposes[{index}]"
        if not is_code(purpose.name):
            yield f"{path}.name", f"{purpose.name!r} must match [A-Z][A-Z0-9_]*, at most 64 characters"
        if purpose.name in taken:
            yield f"{path}.name", f"{purpose.name!r} is declared twice"
        taken.add(purpose.name)
        if purpose.basis not in PURPOSE_BASES:
            yield f"{path}.basis", "must be CONSENT, CONTRACT or LEGITIMATE_INTEREST"


def event_type_faults(event_types: Sequence[EventTypeDeclaration]) -> Faults:
    yield from name_faults([(f"event_types[{i}].type", each.type) for i, each in enumerate(event_types)], "event types")
    for index, declared in enumerate(event_types):
        path = f"event_types[{index}]"
        yield from period_faults(f"{path}.retention", declared.retention_ms)
        yield from purpose_faults(f"{path}.purposes", declared.purposes)
