"""The audit trail and erasures in MongoDB."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from services.profile.adapters.encoding import decode_change, decode_erasure, decode_merge_event, encode
from services.profile.adapters.mongo_collections import (
    CHANGES,
    CONSENTS,
    ERASURE_LOG,
    ERASURES,
    EVENTS,
    MERGE_EVENTS,
    MONGO_SCHEMA,
    POINTERS,
    REQUESTS,
    joined,
)
from services.profile.app.ports import LoggedErasure
from services.profile.domain.changes import ChangeRecord
from services.profile.domain.erasure import Erasure
from shared.mongo import Document, MongoDatabase, mongo_errors

PURGE_PAGE = 5_000
"""Answers of requests looked up at once."""

_ERASE = "EraseSubject"
_PLACE = ("change_ms", "rpc", "request_id")


class MongoChangeLog:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._changes = database.collection(CHANGES)

    async def changes(
        self, profile_ids: Collection[str], before: tuple[int, str, str] | None, limit: int
    ) -> Sequence[ChangeRecord]:
        query: Document = {"profile_id": {"$in": list(profile_ids)}}
        if before is not None:
            query["$or"] = [
                {**dict(zip(_PLACE[:depth], before, strict=False)), _PLACE[depth]: {"$lt": before[depth]}}
                for depth in range(len(_PLACE))
            ]
        async with self._database.reading() as session:
            found = self._changes.find(query, session=session).sort([(name, DESCENDING) for name in _PLACE])
            return [decode_change(document["body"]) for document in await found.limit(limit).to_list()]


class MongoErasureLog:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._erasures = database.collection(ERASURES)

    async def erasures(self, after: int, limit: int) -> Sequence[LoggedErasure]:
        async with self._database.reading() as session:
            found = self._erasures.find({"position": {"$gt": after}}, session=session).sort("position", ASCENDING)
            documents = await found.limit(limit).to_list()
        return [LoggedErasure(each["position"], decode_erasure(each["body"])) for each in documents]

    async def unpurged(self, limit: int) -> Sequence[Erasure]:
        with mongo_errors(MONGO_SCHEMA.store):
            found = self._erasures.find({"is_purged": False}).sort("position", ASCENDING).limit(limit)
            return [decode_erasure(document["body"]) for document in await found.to_list()]

    async def purge(self, erasure: Erasure) -> None:
        """Not one transaction: a person may have any number of events. The mark comes last."""
        profiles: Document = {"$in": list(erasure.profile_ids)}
        with mongo_errors(MONGO_SCHEMA.store):
            await self._database.collection(EVENTS).delete_many({"profile_id": profiles})
            await self._database.collection(CONSENTS).delete_many({"profile_id": profiles})
            await self._retell_merges(profiles)
            await self._forget_answers(profiles)
            await self._erasures.update_one({"_id": erasure.erasure_id}, {"$set": {"is_purged": True}})

    async def _retell_merges(self, profiles: Document) -> None:
        """Without the names, to those whose history it is as well; to nobody where there are none."""
        merges = self._database.collection(MERGE_EVENTS)
        await merges.delete_many({"sides": {**profiles, "$not": {"$elemMatch": {"$nin": profiles["$in"]}}}})
        async for each in merges.find({"sides": profiles}, {"body": 1}):
            body = encode(decode_merge_event(each["body"]).without_names())
            await merges.update_one({"_id": each["_id"]}, {"$set": {"body": body}})

    async def _forget_answers(self, profiles: Document) -> None:
        """With the trail that leads to them, page by page."""
        changes = self._database.collection(CHANGES)
        query = {"profile_id": profiles, "rpc": {"$ne": _ERASE}}
        while page := await changes.find(query, {"rpc": 1, "request_id": 1}).limit(PURGE_PAGE).to_list():
            answers = [joined(each["rpc"], each["request_id"]) for each in page]
            await self._database.collection(REQUESTS).delete_many({"_id": {"$in": answers}})
            await changes.delete_many({"_id": {"$in": [each["_id"] for each in page]}})


def change_document(change: ChangeRecord) -> Document:
    return {
        "_id": joined(change.profile_id, change.rpc, change.request_id, str(change.change_ms)),
        "profile_id": change.profile_id,
        "change_ms": change.change_ms,
        "rpc": change.rpc,
        "request_id": change.request_id,
        "body": encode(change),
    }


async def log_erasure(erasure: Erasure, database: MongoDatabase, session: AsyncClientSession) -> None:
    """As part of the session's transaction: erasures are rare, so that they may wait for one another's position."""
    counter = await database.collection(POINTERS).find_one_and_update(
        {"_id": ERASURE_LOG}, {"$inc": {"position": 1}}, session=session
    )
    assert counter is not None, "the counter is made at the start"
    document = {
        "_id": erasure.erasure_id,
        "position": counter["position"] + 1,
        "is_purged": False,
        "body": encode(erasure),
    }
    await database.collection(ERASURES).insert_one(document, session=session)
