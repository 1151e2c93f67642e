"""Which profile an identity map names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.profile.domain.identities import Identity, is_known
from services.profile.domain.profile import Profile

IDENTITY_CONFLICT = "IDENTITY_CONFLICT"
"""Advisory: the identities belong to more than one profile; one of them answered and nothing was merged."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """`profile` is None where no identity is known yet; `fresh` are the identities that no profile holds."""

    profile: Profile | None
    fresh: tuple[Identity, ...]
    is_conflict: bool

    @property
    def advisories(self) -> tuple[str, ...]:
        return (IDENTITY_CONFLICT,) if self.is_conflict else ()


def resolve(
    identities: Sequence[Identity], owners: Mapping[str, Profile], known_namespaces: Mapping[str, bool]
) -> Resolution:
    """Of several profiles the known one answers; of several known, or none, the oldest; then the smallest id."""
    held = {owners[identity.key].profile_id: owners[identity.key] for identity in identities if identity.key in owners}
    fresh = tuple(identity for identity in identities if identity.key not in owners)
    if len(held) <= 1:
        return Resolution(next(iter(held.values()), None), fresh, is_conflict=False)

    def preference(profile: Profile) -> tuple[bool, int, str]:
        return (not is_known(profile.identities, known_namespaces), profile.created_ms, profile.profile_id)

    return Resolution(min(held.values(), key=preference), fresh, is_conflict=True)
