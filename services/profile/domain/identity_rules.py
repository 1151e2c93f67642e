"""What the namespaces of identities mean for whom they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.profile.domain.identities import (
    KNOWN_NAMESPACES,
    MAX_IDENTITIES_OF_PROFILE,
    PROFILE,
    RESERVED_NAMESPACES,
    namespace_of,
)
from services.profile.domain.schema import NamespaceDeclaration

EVERY_NAMESPACE = "*"
"""Stands for all of them together."""


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """By namespace: which name a customer, which are used by several people, and how many a profile may hold."""

    known: frozenset[str]
    shared: frozenset[str]
    limits: Mapping[str, int]

    @classmethod
    def of(cls, declared: Sequence[NamespaceDeclaration]) -> IdentityRules:
        known = {**KNOWN_NAMESPACES, **{each.name: each.known for each in declared}}
        return cls(
            known=frozenset(name for name, is_known in known.items() if is_known),
            shared=frozenset(each.name for each in declared if each.shared),
            limits={each.name: each.max_per_profile for each in declared if each.max_per_profile},
        )

    def is_known(self, keys: Iterable[str]) -> bool:
        """Whether one of the identities names a customer rather than a browser or a device."""
        return any(namespace_of(key) in self.known for key in keys)

    def is_decisive(self, key: str) -> bool:
        """Whether the identity outweighs anonymous ones: it names a customer, or the profile itself."""
        namespace = namespace_of(key)
        return namespace in self.known or namespace == PROFILE

    def is_thing(self, identities: Collection[str]) -> bool:
        """Whether who holds these is no person but what several people use: all of them are shared."""
        return bool(self.shared and identities) and all(namespace_of(key) in self.shared for key in identities)

    def are_shared(self, keys: Iterable[str], things: Collection[str] = ()) -> bool:
        """Whether none of the identities is one person's. `things`: those whose holders are no persons."""
        return all(namespace_of(key) in self.shared or key in things for key in keys)

    def personal(self, keys: Sequence[str], things: Collection[str] = ()) -> Sequence[str]:
        """Those that say who it is: a shared one only where there are no others, and then the first, so that it never
        brings people together. `things` as above.
        """
        if not self.shared:
            return keys
        return [key for key in keys if not self.are_shared((key,), things)] or keys[:1]

    def is_browser(self, key: str) -> bool:
        """Whether it is an anonymous identity that one person uses at a time."""
        namespace = namespace_of(key)
        return namespace not in self.known and namespace not in self.shared and namespace not in RESERVED_NAMESPACES

    def overfull(self, held: Collection[str], gained: Collection[str]) -> str | None:
        """A namespace of which a profile may not gain these beside what it holds; EVERY_NAMESPACE where they are too
        many in all.
        """
        if gained and len(held) + len(gained) > MAX_IDENTITIES_OF_PROFILE:
            return EVERY_NAMESPACE
        if not self.limits:
            return None
        more = Counter(map(namespace_of, gained))
        counts = more + Counter(map(namespace_of, held))
        return next((name for name in more if counts[name] > self.limits.get(name, counts[name])), None)
