"""The event log, the consent history and the history of merges in MongoDB."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.profile.adapters.combining import Combiner
from services.profile.adapters.encoding import decode_consent, decode_event, decode_merge_event
from services.profile.adapters.mongo_collections import (
    CONSENTS,
    EVENT_LOG,
    EVENTS,
    MERGE_EVENTS,
    POINTERS,
)
from services.profile.app.ports import LogEntry
from services.profile.app.requests import LoggedEvent
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.merge_events import MergeEvent
from shared.mongo import Document, MongoDatabase

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

    async def history(self, part_id: str, event_type: str, after: str, limit: int) -> Sequence[Event]:
        query = {"profile_id": part_id, "type": event_type, "_id": {"$gt": after}}
        async with self._database.reading() as session:
            found = self._events.find(query, {"body": 1}, session=session).sort("_id", ASCENDING)
            return [decode_event(document["body"]) for document in await found.limit(limit).to_list()]

    async def of_part(self, part_id: str, after: tuple[str, str], limit: int) -> Sequence[Event]:
        event_type, event_id = after
        place = [{"type": {"$gt": event_type}}, {"type": event_type, "_id": {"$gt": event_id}}]
        async with self._database.reading() as session:
            found = self._events.find({"profile_id": part_id, "$or": place}, {"body": 1}, session=session)
            in_order = found.sort([("type", ASCENDING), ("_id", ASCENDING)]).limit(limit)
            return [decode_event(document["body"]) for document in await in_order.to_list()]

    async def tail(self, after: int, types: Collection[str], limit: int) -> Sequence[LoggedEvent]:
        page = await self._tail(after, types, limit)
        while not page and await self._placed.ask(None):
            page = await self._tail(after, types, limit)
        # Once more where none waits any longer: another reader may have given them their positions just now.
        return page or await self._tail(after, types, limit)

    async def last_position(self) -> int:
        async with self._database.reading() as session:
            pointer = await self._pointers.find_one({"_id": EVENT_LOG}, session=session)
        return int(pointer["position"]) if pointer else 0

    async def happened_before(self, before_ms: int, event_type: str, limit: int) -> Sequence[LogEntry]:
        query = {"type": event_type, "event_ms": {"$lt": before_ms}}
        async with self._database.reading() as session:
            await self._date_those_of_0_1(event_type, session)
            found = self._events.find(query, session=session).sort("event_ms", ASCENDING)
            documents = await found.limit(limit).to_list()
        return [LogEntry(document["profile_id"], decode_event(document["body"])) for document in documents]

    async def _date_those_of_0_1(self, event_type: str, session: AsyncClientSession) -> None:
        """Events that release wrote have their time in the record only."""
        undated = {"type": event_type, "event_ms": None}
        while found := await self._events.find(undated, {"body": 1}, session=session).limit(MAX_PLACED).to_list():
            dates = [
                UpdateOne({"_id": each["_id"]}, {"$set": {"event_ms": decode_event(each["body"]).event_ms}})
                for each in found
            ]
            await self._events.bulk_write(dates, ordered=False, session=session)

    async def _tail(self, after: int, types: Collection[str], limit: int) -> list[LoggedEvent]:
        # Up to a position that is visible already: a query over several types is not of one moment, and could show a
        # new event of one type while it has passed the place of an older one of another.
        last = await self.last_position()
        if last <= after:
            return []
        query: Document = {"position": {"$gt": after, "$lte": last}}
        if types:
            query["type"] = {"$in": list(types)}
        async with self._database.reading() as session:
            found = self._events.find(query, session=session).sort("position", ASCENDING)
            documents = await found.limit(limit).to_list()
        return [_logged(each) for each in documents]

    async def _place_for_all(self, asked: Sequence[None]) -> list[bool]:
        """Whether there were events without a position; the first of them have one now."""
        async with self._database.reading() as session:
            is_any = await self._events.find_one(_WAITING, {"_id": 1}, session=session) is not None
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
        async with self._database.reading() as session:
            found = await self._events.find(query, {"profile_id": 1}, session=session).to_list()
        owners = {document["_id"]: document["profile_id"] for document in found}
        return [{each: owners[each] for each in event_ids if each in owners} for event_ids in asked]


class MongoConsentLog:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    async def statements(
        self, part_ids: Collection[str], before: tuple[int, int, str] | None, limit: int
    ) -> Sequence[Consent]:
        query = {"profile_id": {"$in": list(part_ids)}, **({} if before is None else {"$or": _below(before)})}
        newest_first = [(field, DESCENDING) for field in _PLACE]
        async with self._database.reading() as session:
            found = self._database.collection(CONSENTS).find(query, session=session).sort(newest_first)
            return [decode_consent(document["body"]) for document in await found.limit(limit).to_list()]


class MongoMergeLog:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._events = database.collection(MERGE_EVENTS)

    async def merge(self, merge_id: str) -> Sequence[MergeEvent]:
        async with self._database.reading() as session:
            found = await self._events.find({"merge_id": merge_id}, session=session).sort("kind", ASCENDING).to_list()
        return [decode_merge_event(document["body"]) for document in found]

    async def merge_events(
        self, part_ids: Collection[str], before: tuple[int, str] | None, limit: int
    ) -> Sequence[MergeEvent]:
        query: Document = {"sides": {"$in": list(part_ids)}}
        if before is not None:
            event_ms, event_id = before
            query["$or"] = [{"event_ms": {"$lt": event_ms}}, {"event_ms": event_ms, "_id": {"$lt": event_id}}]
        newest_first = [("event_ms", DESCENDING), ("_id", DESCENDING)]
        async with self._database.reading() as session:
            found = await self._events.find(query, session=session).sort(newest_first).limit(limit).to_list()
        return [decode_merge_event(document["body"]) for document in found]


def _logged(document: Document) -> LoggedEvent:
    event = decode_event(document["body"])
    return LoggedEvent(document["position"], event.profile_id or document["profile_id"], event)


def _below(place: tuple[int, int, str]) -> list[Document]:
    """The places before one, in the order of their parts."""
    granted_ms, recorded_ms, statement_id = place
    return [
        {"granted_ms": {"$lt": granted_ms}},
        {"granted_ms": granted_ms, "recorded_ms": {"$lt": recorded_ms}},
        {"granted_ms": granted_ms, "recorded_ms": recorded_ms, "statement_id": {"$lt": statement_id}},
    ]
