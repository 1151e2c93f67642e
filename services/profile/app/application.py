"""Everything the profile service does, one method per RPC: for the servicer, and in one process for other services."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Sequence

from services.profile.app.catalogue import SchemaCatalogue
from services.profile.app.get_profile import ProfileReader
from services.profile.app.history import History
from services.profile.app.list_consents import list_consents
from services.profile.app.ports import Stores
from services.profile.app.publish_trait_schema import publish_trait_schema
from services.profile.app.record_events import record_events
from services.profile.app.requests import (
    ConsentPage,
    ConsentQuery,
    ConsentRecorded,
    EventsRecorded,
    LoggedEvent,
    ProfileAnswer,
    ProfileQuery,
    PublishTraitSchema,
    RecordEvents,
    SchemaPublished,
    SetConsent,
    TailQuery,
    UpsertTraits,
    Written,
)
from services.profile.app.set_consent import set_consent
from services.profile.app.tail_events import Bell, tail_events
from services.profile.app.upsert_traits import upsert_traits
from services.profile.app.writing import Chance, Writer
from shared.clock import Clock, system_clock
from shared.errors import TandemError
from shared.ids import new_id


class ProfileApplication:
    def __init__(
        self,
        stores: Stores,
        *,
        clock: Clock = system_clock,
        new_id: Callable[[str], str] = new_id,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        catalogue = SchemaCatalogue(stores.schemas)
        chance = Chance(clock, lambda: new_id("p"), jitter)
        self._stores = stores
        self._clock = clock
        self._new_id = new_id
        self._bell = Bell()
        self._reader = ProfileReader(stores.profiles, stores.events, catalogue, clock)
        self._writer = Writer(stores.profiles, catalogue, History(stores.events), chance)

    async def get_profile(self, query: ProfileQuery) -> ProfileAnswer:
        return await self._reader.get(query)

    async def batch_get_profiles(self, queries: Sequence[ProfileQuery]) -> list[ProfileAnswer | TandemError]:
        return await self._reader.get_many(queries)

    async def upsert_traits(self, command: UpsertTraits) -> Written:
        return await upsert_traits(self._writer, command)

    async def record_events(self, command: RecordEvents) -> EventsRecorded:
        return await record_events(self._writer, self._stores.events, self._clock, self._bell.ring, command)

    def tail_events(self, query: TailQuery) -> AsyncGenerator[Sequence[LoggedEvent]]:
        return tail_events(self._stores.events, self._bell, query)

    async def set_consent(self, command: SetConsent) -> ConsentRecorded:
        return await set_consent(self._writer, self._new_id, command)

    async def list_consents(self, query: ConsentQuery) -> ConsentPage:
        return await list_consents(self._reader, self._stores.consents, query)

    async def publish_trait_schema(self, command: PublishTraitSchema) -> SchemaPublished:
        return await publish_trait_schema(self._stores.schemas, self._stores.profiles, self._clock, command)
