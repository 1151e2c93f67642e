"""Finds the profiles that identities name: through merges, and back to whose an identity was before."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.profile.app.keep_out import Doorkeeper
from services.profile.app.ports import Look, ProfileStore, Request, VersionConflict
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
        return await self._settled(keys, await self._store.find(keys))

    async def look(self, keys: Collection[str]) -> Look:
        """The same, with what else the store says in the same read."""
        look = await self._store.look(keys)
        owners = await self._settled(keys, look.owners)
        return Look(owners, look.active_version, look.answer, look.recorded)

    async def look_for_writing(
        self,
        keys: Collection[str],
        request: Request,
        event_ids: Collection[str],
        doorkeeper: Doorkeeper,
        since_ms: int | None = None,
    ) -> Look:
        """Also those whose the identities were at `since_ms` or later, under the keys of their profile ids, and what is
        left of people who were erased, under their identities: where somebody holds one of those by now, such as the
        hash of an address that was erased, it is theirs. Raises VersionConflict.
        """
        kept_out = await doorkeeper.keys(keys)
        every = {*keys, *kept_out}
        look = await self._store.look(every, request, event_ids)
        owners = await self._settled(every, look.owners)
        for key, identity_key in kept_out.items():
            if key in owners:
                owners.setdefault(identity_key, owners[key])
        missing = () if since_ms is None else _former_holders(owners, since_ms).difference(owners)
        together = _sharing_objects({**owners, **await self.find(missing)}) if missing else owners
        if any(together[key] is not owner for key, owner in owners.items()):
            raise VersionConflict
        return Look(together, look.active_version, look.answer, look.recorded)

    async def records(self, profile_ids: Collection[str]) -> Collection[Profile]:
        """What is stored under profile ids, not followed."""
        return tuple((await self._store.find([profile_key(each) for each in profile_ids])).values())

    async def _settled(self, keys: Collection[str], found: Mapping[str, Profile]) -> dict[str, Profile]:
        for _ in range(MAX_LOOKS):
            owners = _sharing_objects(await self._followed(found))
            if all(_holds(owner, key) for key, owner in owners.items()):
                return owners
            found = await self._store.find(keys)
        raise Aborted("CONCURRENT_CHANGE", "the profile changed at every look: read again")

    async def _followed(self, found: Mapping[str, Profile]) -> dict[str, Profile]:
        owners = dict(found)
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
