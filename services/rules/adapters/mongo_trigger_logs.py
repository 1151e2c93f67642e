"""What fired, and events on their way in, in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from services.rules.adapters import mongo_trigger_schema as schema
from services.rules.adapters.trigger_codec import decode_firing, decode_received, encode
from services.rules.app.trigger_ports import LoggedHappening
from services.rules.domain.triggers.outcome import Firing, Happening
from shared.mongo import MongoDatabase, mongo_errors

_STORE = "rules"
_THE_HEAD = {"_id": schema.ONLY}


class MongoFiringLog:
    """Implements FiringLog."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._firings = database.collection(schema.FIRINGS)
        self._head = database.collection(schema.HEAD)

    async def firings(self, after: int, limit: int) -> Sequence[Firing]:
        async with self._database.reading() as session:
            found = self._firings.find({"_id": {"$gt": after}}, session=session).sort("_id").limit(limit)
            return [decode_firing(each["body"], each["_id"]) for each in await found.to_list()]

    async def last_firing(self) -> int:
        return await self._of_head("last_firing")

    async def delivered(self) -> int:
        return await self._of_head("delivered")

    async def set_delivered(self, number: int) -> None:
        with mongo_errors(_STORE):
            await self._head.update_one(_THE_HEAD, {"$max": {"delivered": number}})

    async def trim(self, before_ms: int) -> None:
        delivered = await self.delivered()
        old = {"committed_ms": {"$lt": before_ms}, "_id": {"$lte": delivered}}
        inbox = {"received_ms": {"$lt": before_ms}, "body": {"$exists": False}}
        with mongo_errors(_STORE):
            await self._firings.delete_many(old)
            await self._database.collection(schema.INBOX).delete_many(inbox)

    async def _of_head(self, name: str) -> int:
        async with self._database.reading() as session:
            head = await self._head.find_one(_THE_HEAD, {name: 1}, session=session)
        return 0 if head is None else int(head[name])


class MongoInbox:
    """Implements Inbox."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._inbox = database.collection(schema.INBOX)

    async def put(self, happenings: Sequence[Happening], now_ms: int) -> None:
        puts = [
            UpdateOne(
                {"_id": each.event_id},
                {
                    "$setOnInsert": {
                        "profile_id": each.profile_id,
                        "received_ms": now_ms,
                        "index": index,
                        "body": encode(each),
                    }
                },
                upsert=True,
            )
            for index, each in enumerate(happenings)
        ]
        # Two at once with the same id: the taken key says that it is there.
        with suppress(BulkWriteError), mongo_errors(_STORE):
            await self._inbox.bulk_write(puts, ordered=False)

    async def pending(self, limit: int) -> Sequence[LoggedHappening]:
        async with self._database.reading() as session:
            found = self._inbox.find({"body": {"$exists": True}}, {"body": 1, "received_ms": 1}, session=session)
            in_order = found.sort(["received_ms", "index"]).limit(limit)
            return [decode_received(each["body"], each["received_ms"]) for each in await in_order.to_list()]

    async def is_taken(self, event_ids: Sequence[str]) -> bool:
        query = {"_id": {"$in": list(event_ids)}, "body": {"$exists": True}}
        async with self._database.reading() as session:
            return await self._inbox.find_one(query, {"_id": 1}, session=session) is None
