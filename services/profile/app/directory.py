"""Finds the profiles that identities name: through merges, and back to whose an identity was before."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.profile.app.keep_out import Doorkeeper
from services.profile.app.ports import ProfileStore, VersionConflict
from services.profile.domain.identities import PROFILE, RESERVED_NAMESPACES, identity_of, profile_key
from services.profile.domain.profile import Profile
from shared.errors import Aborted

MAX_LOOKS = 20


class Directory:
    def __init__(self, store: ProfileStore) -> None:
        self._store = store

    async def find(self, keys: Collection[str]) -> dict[str, Profile]:
        """By key, of those that somebody holds; keys of one profile share the object. Merged profiles are followed to
        their survivors.

        A key and the record it leads to are read one after the other, so a merge, an un-merge or a hand-over may come
        between: then the record does not hold the key, and both are read again. Raises Aborted where that never ends.
        """
        for _ in range(MAX_LOOKS):
            owners = _sharing_objects(await self._follow(keys))
            if all(_holds(owner, key) for key, owner in owners.items()):
                return owners
        raise Aborted("CONCURRENT_CHANGE", "the profile changed at every look: read again")

    async def find_for_writing(
        self, keys: Collection[str], doorkeeper: Doorkeeper, since_ms: int | None = None
    ) -> dict[str, Profile]:
        """Also those whose the identities were at `since_ms` or later, under the keys of their profile ids, and what is
        left of people who were erased, under their identities. Raises VersionConflict.
        """
        kept_out = await doorkeeper.keys(keys)
        owners = await self.find({*keys, *kept_out})
        for key, identity_key in kept_out.items():
            if key in owners:
                owners[identity_key] = owners.pop(key)
        if since_ms is None:
            return owners
        missing = _former_holders(owners, since_ms).difference(owners)
        together = _sharing_objects({**owners, **await self.find(missing)}) if missing else owners
        if any(together[key] is not owner for key, owner in owners.items()):
            raise VersionConflict
        return together

    async def records(self, profile_ids: Collection[str]) -> Collection[Profile]:
        """What is stored under profile ids, not followed."""
        return tuple((await self._store.find([profile_key(each) for each in profile_ids])).values())

    async def _follow(self, keys: Collection[str]) -> dict[str, Profile]:
        owners = dict(await self._store.find(keys))
        while moved := {key: owner.merged_into for key, owner in owners.items() if owner.merged_into}:
            survivors = await self._store.find({profile_key(each) for each in moved.values()})
            owners |= {key: survivors[profile_key(survivor)] for key, survivor in moved.items()}
        return owners


def _former_holders(owners: Mapping[str, Profile], since_ms: int) -> set[str]:
    """The keys of their ids."""
    return {
        profile_key(tenure.profile_id)
        for key, owner in owners.items()
        for tenure in owner.tenures
        if tenure.identity == key and tenure.until_ms > since_ms
    }


def _holds(owner: Profile, key: str) -> bool:
    identity = identity_of(key)
    if identity.namespace == PROFILE:
        return identity.value in owner.part_ids or bool(owner.erased_ms)
    return identity.namespace in RESERVED_NAMESPACES or key in owner.identities


def _sharing_objects(owners: dict[str, Profile]) -> dict[str, Profile]:
    """Of several readings of a profile the latest."""
    by_id: dict[str, Profile] = {}
    for owner in owners.values():
        held = by_id.get(owner.profile_id)
        if held is None or owner.version > held.version:
            by_id[owner.profile_id] = owner
    return {key: by_id[owner.profile_id] for key, owner in owners.items()}
