"""What the namespaces of identities mean for whom they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.profile.domain.identities import KNOWN_NAMESPACES, PROFILE, RESERVED_NAMESPACES, namespace_of
from services.profile.domain.schema import NamespaceDeclaration


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

    def personal(self, keys: Sequence[str]) -> Sequence[str]:
        """Those that say who it is: a shared one only where there are no others, and then the first, so that it never
        brings people together.
        """
        if not self.shared:
            return keys
        return [key for key in keys if namespace_of(key) not in self.shared] or keys[:1]

    def is_browser(self, key: str) -> bool:
        """Whether it is an anonymous identity that one person uses at a time."""
        namespace = namespace_of(key)
        return namespace not in self.known and namespace not in self.shared and namespace not in RESERVED_NAMESPACES

    def overfull(self, held: Iterable[str], gained: Iterable[str]) -> str | None:
        """A namespace of which a profile may not gain these beside what it holds."""
        if not self.limits:
            return None
        more = Counter(map(namespace_of, gained))
        counts = more + Counter(map(namespace_of, held))
        return next((name for name in more if counts[name] > self.limits.get(name, counts[name])), None)
