"""Turns at profiles: callers of one process do not make one another try again.

Who has waited need not read again: what those before it stored is told from one to the next. This matters for a person
whom hundreds of callers want to contact at once: they cost one read, not one each in a row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

from services.profile.app.locks import KeyedLocks
from services.profile.app.ports import Change
from services.profile.domain.identities import PROFILE, identity_of, namespace_of, profile_key
from services.profile.domain.profile import Profile


class Turns:
    """A convenience for speed: exactness comes from the versions in the store."""

    def __init__(self) -> None:
        self._locks = KeyedLocks()
        self._latest: dict[str, Profile] = {}
        """By keys that are in use, of profiles as they were stored or read while they were."""

    @asynccontextmanager
    async def hold(self, keys: Collection[str]) -> AsyncIterator[bool]:
        """Tells whether somebody had to be waited for."""
        try:
            async with self._locks.hold(keys) as has_waited:
                yield has_waited
        finally:
            for key in keys:
                if not self._locks.is_used(key):
                    self._latest.pop(key, None)

    def tell_stored(self, changes: Collection[Change]) -> None:
        for change in changes:
            for key in (profile_key(change.profile.profile_id), *change.claims, *change.takes):
                self._tell(key, change.profile)

    def tell_read(self, owners: Mapping[str, Profile]) -> None:
        for key, owner in owners.items():
            self._tell(key, owner)
            self._tell(profile_key(owner.profile_id), owner)

    def caught_up(self, owners: Mapping[str, Profile], fresh: Collection[str]) -> dict[str, Profile] | None:
        """What was read before the turn, as it is now; None where only reading again can tell."""
        if any(key in self._latest for key in fresh):
            return None
        now: dict[str, Profile] = {}
        for key, owner in owners.items():
            latest = self._latest.get(profile_key(owner.profile_id), owner)
            now[key] = latest if latest.version > owner.version else owner
            if now[key] is latest and not _still_holds(latest, key, owner):
                return None
        return now

    def _tell(self, key: str, profile: Profile) -> None:
        if self._locks.is_used(key):
            self._latest[key] = profile


def _still_holds(latest: Profile, key: str, owner: Profile) -> bool:
    """Whether a profile means by a key what it meant when it was read."""
    if latest is owner:
        return True
    if latest.merged_into or latest.erased_ms or latest.tenures != owner.tenures:
        return False
    if namespace_of(key) == PROFILE:
        return identity_of(key).value in latest.part_ids
    return key in latest.identities
