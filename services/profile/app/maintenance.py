"""Changes to a profile that nobody asked for: there is no request to answer and no caller to put into the trail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from services.profile.app.catalogue import SchemaCatalogue
from services.profile.app.directory import Directory
from services.profile.app.draft import PartDraft
from services.profile.app.drafts import Drafts
from services.profile.app.history import History
from services.profile.app.ports import Commit, Conflict, ProfileTooLarge, Stores
from services.profile.app.writing import Chance, with_index
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.events import Event
from services.profile.domain.identities import profile_key
from services.profile.domain.profile import Profile
from services.profile.domain.recording import record

MAX_ATTEMPTS = 20

Edit = Callable[[Profile], Profile]
"""A part as it shall be; the same object where nothing changes."""
DeletingEdit = Callable[[Profile, Sequence[Event]], Profile]
"""The same, when these events are in its log no longer."""


class Maintainer:
    def __init__(self, stores: Stores, catalogue: SchemaCatalogue, history: History, chance: Chance) -> None:
        self._store = stores.profiles
        self._log = stores.events
        self._directory = Directory(stores.profiles)
        self._catalogue = catalogue
        self._history = history
        self._chance = chance

    async def rewrite(self, profile_id: str, edit: Edit) -> bool:
        """Whether all parts of a profile became what `edit` makes of them; False where others always came first."""
        for _ in range(MAX_ATTEMPTS):
            drafts, parts = await self._open(profile_id)
            for part in parts:
                part.profile = edit(part.profile)
            try:
                await self._commit(drafts)
            except Conflict:
                continue
            return True
        return False

    async def delete_events(self, part_id: str, events: Sequence[Event], edit: DeletingEdit) -> int:
        """Deletes events of one part from the log; how many. `edit` gets the part when its states hold all of them;
        where what it makes is too large the events leave all the same.
        """
        for _ in range(MAX_ATTEMPTS):
            drafts, parts = await self._open(part_id)
            for part in parts:
                if part.part_id == part_id:
                    part.profile = edit(await self._settled(part.profile, drafts.schema, drafts.now_ms), events)
            deleted = [event.event_id for event in events]
            try:
                await self._commit(drafts, deleted)
            except Conflict:
                held = await self._log.recorded(deleted)
                events = [event for event in events if event.event_id in held]
                if not events:
                    return 0
                continue
            except ProfileTooLarge:
                await self._store.commit(Commit((), deleted_events=tuple(deleted)))
            return len(events)
        return 0

    async def _open(self, profile_id: str) -> tuple[Drafts, list[PartDraft]]:
        """The parts of the profile that this one is a part of by now; none where the person was erased."""
        key = profile_key(profile_id)
        owners = await self._directory.find([key])
        drafts = Drafts(owners, await self._catalogue.active(), self._chance.clock(), self._chance.new_id)
        owner = owners.get(key)
        draft = None if owner is None or owner.erased_ms else drafts.find(owner.profile_id)
        return drafts, [] if draft is None else draft.parts

    async def _settled(self, part: Profile, schema: CompiledSchema, now_ms: int) -> Profile:
        """With every event in its states whose time has come."""
        filled = await self._history.filled(part, schema)
        return record(filled, (), schema, now_ms) if filled.ahead else filled

    async def _commit(self, drafts: Drafts, deleted_events: Collection[str] = ()) -> None:
        changes = tuple(with_index(change, drafts) for change in drafts.changes())
        if changes or deleted_events:
            await self._store.commit(Commit(changes, deleted_events=tuple(deleted_events)))
