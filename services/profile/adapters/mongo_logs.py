"""The event log and the consent history in MongoDB."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pymongo import ASCENDING, DESCENDING

from services.profile.adapters.combining import Combiner
from services.profile.adapters.encoding import decode_consent, decode_event
from services.profile.adapters.mongo_collections import CONSENTS, EVENT_LOG, EVENTS, MONGO_SCHEMA, POINTERS
from services.profile.app.requests import LoggedEvent
from services.profile.domain.consents import Consent
from shared.mongo import Document, MongoDatabase, mongo_errors

MAX_EVENT_IDS = 1_000
"""In one read."""

_PLACE = ("granted_ms", "recorded_ms", "statement_id")


class MongoEventLog:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._recorded = Combiner(self._recorded_all, weigh=len, max_weight=MAX_EVENT_IDS)

    async def recorded(self, event_ids: Collection[str]) -> Mapping[str, str]:
        return await self._recorded.ask(event_ids)

    async def history(self, profile_id: str, event_type: str, after: int, limit: int) -> Sequence[LoggedEvent]:
        return await self._page({"profile_id": profile_id, "type": event_type, "position": {"$gt": after}}, limit)

    async def tail(self, after: int, types: Collection[str], limit: int) -> Sequence[LoggedEvent]:
        # Up to a position that is visible already: a query over several types is not of one moment, and could show a
        # new event of one type while it has passed the place of an older one of another.
        last = await self.last_position()
        if last <= after:
            return []
        query: Document = {"position": {"$gt": after, "$lte": last}}
        return await self._page({**query, "type": {"$in": list(types)}} if types else query, limit)

    async def last_position(self) -> int:
        with mongo_errors(MONGO_SCHEMA.store):
            pointer = await self._database.collection(POINTERS).find_one({"_id": EVENT_LOG})
        return int(pointer["position"]) if pointer else 0

    async def _recorded_all(self, asked: Sequence[Collection[str]]) -> list[Mapping[str, str]]:
        query = {"_id": {"$in": [event_id for event_ids in asked for event_id in event_ids]}}
        with mongo_errors(MONGO_SCHEMA.store):
            found = self._database.collection(EVENTS).find(query, {"profile_id": 1})
            owners = {document["_id"]: document["profile_id"] for document in await found.to_list()}
        return [{each: owners[each] for each in event_ids if each in owners} for event_ids in asked]

    async def _page(self, query: Document, limit: int) -> list[LoggedEvent]:
        with mongo_errors(MONGO_SCHEMA.store):
            found = self._database.collection(EVENTS).find(query, batch_size=limit + 1).sort("position", ASCENDING)
            documents = await found.limit(limit).to_list()
        return [
            LoggedEvent(document["position"], document["profile_id"], decode_event(document["body"]))
            for document in documents
        ]


class MongoConsentLog:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    async def statements(self, profile_id: str, before: tuple[int, int, str] | None, limit: int) -> Sequence[Consent]:
        query = {"profile_id": profile_id, **({} if before is None else {"$or": _below(before)})}
        newest_first = [(field, DESCENDING) for field in _PLACE]
        with mongo_errors(MONGO_SCHEMA.store):
            found = self._database.collection(CONSENTS).find(query).sort(newest_first)
            return [decode_consent(document["body"]) for document in await found.limit(limit).to_list()]


def _below(place: tuple[int, int, str]) -> list[Document]:
    """The places before one, in the order of their parts."""
    granted_ms, recorded_ms, statement_id = place
    return [
        {"granted_ms": {"$lt": granted_ms}},
        {"granted_ms": granted_ms, "recorded_ms": {"$lt": recorded_ms}},
        {"granted_ms": granted_ms, "recorded_ms": recorded_ms, "statement_id": {"$lt": statement_id}},
    ]
