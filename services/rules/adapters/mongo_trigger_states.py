"""The lease, the head and the state of event-driven rules in MongoDB. One commit is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import DeleteMany, DeleteOne, InsertOne, ReturnDocument, UpdateMany, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.rules.adapters import mongo_trigger_schema as schema
from services.rules.adapters.trigger_codec import decode_progress, encode
from services.rules.app.trigger_store import Head, Progress, Sizes, StateChange
from services.rules.domain.triggers.outcome import DueTimer
from shared.errors import Aborted, request_id_reused
from shared.mongo import Document, MongoDatabase, mongo_errors

_STORE = "rules"
_THE_HEAD = {"_id": schema.ONLY}
_NEW_HEAD: Document = {
    "holder": "",
    "lease_until_ms": 0,
    "fence": 0,
    "revision": 0,
    "version": "",
    "activated_ms": 0,
    "last_firing": 0,
    "delivered": 0,
    "progress": None,
}
Operations = dict[str, list[Any]]
"""By collection."""


class MongoTriggerStates:
    """Implements LeaseStore, TriggerStateStore and ActivationStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._head = database.collection(schema.HEAD)

    async def prepare(self) -> None:
        """Once, before anything else."""
        with mongo_errors(_STORE):
            await self._head.update_one(_THE_HEAD, {"$setOnInsert": _NEW_HEAD}, upsert=True)

    async def acquire(self, holder: str, now_ms: int, lease_ms: int) -> int | None:
        free = {**_THE_HEAD, "$or": [{"holder": holder}, {"lease_until_ms": {"$lte": now_ms}}]}
        fence = {"$add": ["$fence", {"$cond": [{"$eq": ["$holder", holder]}, 0, 1]}]}
        taken = {"$set": {"fence": fence, "holder": holder, "lease_until_ms": now_ms + lease_ms}}
        with mongo_errors(_STORE):
            head = await self._head.find_one_and_update(free, [taken], return_document=ReturnDocument.AFTER)
        return None if head is None else int(head["fence"])

    async def release(self, holder: str) -> None:
        with mongo_errors(_STORE):
            await self._head.update_one({**_THE_HEAD, "holder": holder}, {"$set": {"lease_until_ms": 0}})

    async def head(self) -> Head:
        head = await self._read_head()
        progress = decode_progress(head["progress"]) if head["progress"] else Progress()
        return Head(head["fence"], head["revision"], head["version"], head["activated_ms"], progress)

    async def commit(self, head: Head, change: StateChange) -> Head:
        operations = _operations(change)

        async def body(session: AsyncClientSession) -> None:
            first = await self._move(head, change, session)
            waiting = await self._moved_waiting(change.moved, session)
            firings = [
                InsertOne(
                    {
                        "_id": number,
                        "profile_id": firing.profile_id,
                        "committed_ms": change.now_ms,
                        "body": encode(firing),
                    }
                )
                for number, firing in enumerate(change.firings, first)
            ]
            for name, writes in ((schema.WAITING, waiting), *operations.items(), (schema.FIRINGS, firings)):
                if writes:
                    await self._database.collection(name).bulk_write(writes, session=session)

        await self._database.transaction(body)
        return Head(head.fence, head.revision + 1, head.version, head.activated_ms, change.progress)

    async def _move(self, head: Head, change: StateChange, session: AsyncClientSession) -> int:
        """Answers the number of the first firing. Raises Aborted."""
        moved = await self._head.find_one_and_update(
            {**_THE_HEAD, "fence": head.fence, "revision": head.revision},
            {
                "$set": {"progress": encode(change.progress)},
                "$inc": {"revision": 1, "last_firing": len(change.firings)},
            },
            session=session,
        )
        if moved is None:
            raise Aborted("CONCURRENT_CHANGE", "another process, or another rule set, has taken over")
        return int(moved["last_firing"]) + 1

    async def _moved_waiting(self, moved: Mapping[str, str], session: AsyncClientSession) -> list[Any]:
        """Their ids name the subject, so they are written anew."""
        if not moved:
            return []
        former = {"profile_id": {"$in": list(moved)}}
        found = await self._database.collection(schema.WAITING).find(former, session=session).to_list()
        return [DeleteMany(former), *_waits((each["join_key"], moved[each["profile_id"]]) for each in found)]

    async def states(self, profile_ids: Sequence[str]) -> Mapping[str, bytes]:
        async with self._database.reading() as session:
            found = self._database.collection(schema.STATES).find({"_id": {"$in": list(profile_ids)}}, session=session)
            return {document["_id"]: document["body"] for document in await found.to_list()}

    async def page(self, after: str, limit: int) -> Mapping[str, bytes]:
        async with self._database.reading() as session:
            found = self._database.collection(schema.STATES).find({"_id": {"$gt": after}}, session=session)
            return {each["_id"]: each["body"] for each in await found.sort("_id").limit(limit).to_list()}

    async def due(self, now_ms: int, limit: int) -> Sequence[DueTimer]:
        async with self._database.reading() as session:
            timers = self._database.collection(schema.TIMERS)
            found = timers.find({"due_ms": {"$lte": now_ms}}, session=session).sort(["due_ms", "_id"]).limit(limit)
            return [DueTimer(each["due_ms"], each["_id"], each["profile_id"]) for each in await found.to_list()]

    async def waiting(self, join_key: str, after: str, limit: int) -> Sequence[str]:
        query = {"join_key": join_key, "profile_id": {"$gt": after}}
        async with self._database.reading() as session:
            found = self._database.collection(schema.WAITING).find(query, session=session)
            return [each["profile_id"] for each in await found.sort("profile_id").limit(limit).to_list()]

    async def sizes(self, now_ms: int) -> Sizes:
        async with self._database.reading() as session:
            timers = self._database.collection(schema.TIMERS)
            due = await timers.count_documents({"due_ms": {"$lte": now_ms}}, session=session)
        with mongo_errors(_STORE):
            kept = [
                await self._database.collection(name).estimated_document_count()
                for name in (schema.STATES, schema.WAITING, schema.TIMERS)
            ]
        return Sizes(kept[0], kept[1], kept[2], due)

    async def active_version(self) -> str:
        return str((await self._read_head())["version"])

    async def activate(self, version: str, request_id: str, now_ms: int, start: str) -> None:
        activations = self._database.collection(schema.ACTIVATIONS)
        move = {
            "version": version,
            "activated_ms": now_ms,
            "revision": {"$add": ["$revision", 1]},
            "progress": {"$ifNull": ["$progress", encode(Progress(start))]},
        }

        async def body(session: AsyncClientSession) -> None:
            known = await activations.find_one({"_id": request_id}, session=session)
            if known is None:
                await activations.insert_one({"_id": request_id, "version": version}, session=session)
                await self._head.update_one(_THE_HEAD, [{"$set": move}], session=session)
            elif known["version"] != version:
                raise request_id_reused(request_id)

        await self._database.transaction(body)

    async def _read_head(self) -> Document:
        async with self._database.reading() as session:
            head = await self._head.find_one(_THE_HEAD, session=session)
        assert head is not None, "it was written at the start"
        return head


def _operations(change: StateChange) -> Operations:
    states = [
        UpdateOne({"_id": profile_id}, {"$set": {"body": body}}, upsert=True)
        if body
        else DeleteOne({"_id": profile_id})
        for profile_id, body in change.states.items()
    ]
    timers: list[Any] = [
        UpdateMany({"profile_id": former}, {"$set": {"profile_id": today}}) for former, today in change.moved.items()
    ]
    timers += [DeleteMany({"_id": {"$in": list(change.drop_timers)}})] if change.drop_timers else []
    timers += (
        UpdateOne({"_id": each.timer_id}, {"$set": {"due_ms": each.due_ms, "profile_id": each.profile_id}}, upsert=True)
        for each in change.add_timers
    )
    waiting: list[Any] = [DeleteOne({"_id": _pair(*each)}) for each in change.waiting_dropped]
    waiting += _waits(change.waiting_added)
    inbox = [UpdateMany({"_id": {"$in": list(change.taken)}}, {"$unset": {"body": ""}})] if change.taken else []
    operations = {schema.STATES: states, schema.TIMERS: timers, schema.WAITING: waiting, schema.INBOX: inbox}
    return operations if not change.forgotten else _forgetting(operations, list(change.forgotten))


def _forgetting(operations: Operations, profile_ids: list[str]) -> Operations:
    """In the inbox the ids of events stay, and nothing else."""
    of_them = {"profile_id": {"$in": profile_ids}}
    cleared = {"$unset": {"body": ""}, "$set": {"profile_id": ""}}
    return {
        schema.STATES: [*operations[schema.STATES], DeleteMany({"_id": {"$in": profile_ids}})],
        schema.TIMERS: [*operations[schema.TIMERS], DeleteMany(of_them)],
        schema.WAITING: [*operations[schema.WAITING], DeleteMany(of_them)],
        schema.INBOX: [*operations[schema.INBOX], UpdateMany(of_them, cleared)],
        schema.FIRINGS: [DeleteMany(of_them)],
    }


def _waits(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    return [
        UpdateOne({"_id": _pair(*each)}, {"$set": {"join_key": each[0], "profile_id": each[1]}}, upsert=True)
        for each in pairs
    ]


def _pair(join_key: str, profile_id: str) -> str:
    return f"{join_key}\x1f{profile_id}"
