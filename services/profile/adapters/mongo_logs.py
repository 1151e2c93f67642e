"""The event log and the consent history in MongoDB."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.profile.adapters.combining import Combiner
from services.profile.adapters.encoding import decode_consent, decode_event
from services.profile.adapters.mongo_collections import CONSENTS, EVENT_LOG, EVENTS, MONGO_SCHEMA, POINTERS
from services.profile.app.requests import LoggedEvent
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from shared.mongo import Document, MongoDatabase, mongo_errors

MAX_EVENT_IDS = 1_000
"""In one read."""
MAX_PLACED = 1_000
"""In one transaction."""

_WAITING: Document = {"waiting": {"$gt": ""}}

_PLACE = ("granted_ms", "recorded_ms", "statement_id")


class MongoEventLog:
    """Events get their positions when somebody reads on to them, in a transaction that moves the counter. So positions
    become visible in their order, and a reader who goes on after the last one misses none.
    """

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._events = database.collection(EVENTS)
        self._pointers = database.collection(POINTERS)
        self._recorded = Combiner(self._recorded_all, weigh=len, max_weight=MAX_EVENT_IDS)
        self._placed = Combiner(self._place_for_all, weigh=lambda _: 0, max_weight=1)

    async def recorded(self, event_ids: Collection[str]) -> Mapping[str, str]:
        return await self._recorded.ask(event_ids)

    async def history(self, profile_id: str, event_type: str, after: str, limit: int) -> Sequence[Event]:
        query = {"profile_id": profile_id, "type": event_type, "_id": {"$gt": after}}
        with mongo_errors(MONGO_SCHEMA.store):
            found = self._events.find(query, {"body": 1}).sort("_id", ASCENDING)
            return [decode_event(document["body"]) for document in await found.limit(limit).to_list()]

    async def tail(self, after: int, types: Collection[str], limit: int) -> Sequence[LoggedEvent]:
        page = await self._tail(after, types, limit)
        while not page and await self._placed.ask(None):
            page = await self._tail(after, types, limit)
        # Once more where none waits any longer: another reader may have given them their positions just now.
        return page or await self._tail(after, types, limit)

    async def last_position(self) -> int:
        with mongo_errors(MONGO_SCHEMA.store):
            pointer = await self._pointers.find_one({"_id": EVENT_LOG})
        return int(pointer["position"]) if pointer else 0

    async def _tail(self, after: int, types: Collection[str], limit: int) -> list[LoggedEvent]:
        # Up to a position that is visible already: a query over several types is not of one moment, and could show a
        # new event of one type while it has passed the place of an older one of another.
        last = await self.last_position()
        if last <= after:
            return []
        query: Document = {"position": {"$gt": after, "$lte": last}}
        if types:
            query["type"] = {"$in": list(types)}
        with mongo_errors(MONGO_SCHEMA.store):
            documents = await self._events.find(query).sort("position", ASCENDING).limit(limit).to_list()
        return [LoggedEvent(each["position"], each["profile_id"], decode_event(each["body"])) for each in documents]

    async def _place_for_all(self, asked: Sequence[None]) -> list[bool]:
        """Whether there were events without a position; the first of them have one now."""
        with mongo_errors(MONGO_SCHEMA.store):
            is_any = await self._events.find_one(_WAITING, {"_id": 1}) is not None
        if is_any:
            await self._database.transaction(self._place)
        return [is_any] * len(asked)

    async def _place(self, session: AsyncClientSession) -> None:
        found = self._events.find(_WAITING, {"_id": 1}, session=session).sort("waiting", ASCENDING)
        waiting = [document["_id"] for document in await found.limit(MAX_PLACED).to_list()]
        move = {"$inc": {"position": len(waiting)}}
        before = await self._pointers.find_one_and_update({"_id": EVENT_LOG}, move, session=session)
        if before is None or not waiting:
            return
        first = before["position"] + 1
        await self._events.bulk_write(
            [
                UpdateOne({"_id": event_id}, {"$set": {"position": first + index}, "$unset": {"waiting": ""}})
                for index, event_id in enumerate(waiting)
            ],
            ordered=False,
            session=session,
        )

    async def _recorded_all(self, asked: Sequence[Collection[str]]) -> list[Mapping[str, str]]:
        query = {"_id": {"$in": [event_id for event_ids in asked for event_id in event_ids]}}
        with mongo_errors(MONGO_SCHEMA.store):
            found = await self._events.find(query, {"profile_id": 1}).to_list()
        owners = {document["_id"]: document["profile_id"] for document in found}
        return [{each: owners[each] for each in event_ids if each in owners} for event_ids in asked]


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
