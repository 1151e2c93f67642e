"""One MongoDB database of a replica set: majority writes, bounded waits, a schema version.

The concerns are set here and not left to the URI: with w=1 a killed primary lost acknowledged writes,
with majority none. A client belongs to the event loop that opened it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pymongo
from bson.timestamp import Timestamp
from pymongo import AsyncMongoClient, IndexModel, ReadPreference, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    DuplicateKeyError,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern

from shared.errors import StartupError, Unavailable
from shared.mongo_moments import SeenMoments
from shared.mongo_transactions import APP_NAME, Blocked

T = TypeVar("T")
Document = dict[str, Any]
Body = Callable[[AsyncClientSession], Awaitable[T]]
"""Of a transaction."""

OPERATION_TIMEOUT_MS = 5_000
"""Of one operation with its retries, the search for a primary included."""
TRANSACTION_TIMEOUT_S = 10.0
DUPLICATE_KEY = 11_000
NAMESPACE_EXISTS = 48
SNAPSHOT_UNAVAILABLE = 246
TIME_IS_AHEAD = 72
"""MongoDB's code for a read that asks for a time that the server's clock has not reached."""
REACH_PAUSE_S = 0.02
SETTLE_ATTEMPTS, SETTLE_PAUSE_S = 100, 0.05


@dataclass(frozen=True, slots=True)
class MongoSchema:
    """A store's collections. Raise `version` when older programs could no longer read what this one writes."""

    store: str
    version: int
    indexes: Mapping[str, Sequence[IndexModel]] = field(default_factory=dict)
    """By collection; a collection without any is named with none."""


class MongoDatabase:
    def __init__(self, client: AsyncMongoClient[Document], name: str, store: str) -> None:
        self._client = client
        self._database = client[name]
        self._store = store
        self._seen = SeenMoments()

    @classmethod
    async def open(cls, uri: str, name: str, *, schema: MongoSchema) -> MongoDatabase:
        """Connects, refuses a standalone server and a newer schema, creates the indexes.

        Raises StartupError; Unavailable where no server answers.
        """
        try:
            client = _client(uri)
        except (PyMongoError, ValueError) as failure:
            raise StartupError(f"the MongoDB URI of the {schema.store} store is not valid: {failure}") from failure
        database = cls(client, name, schema.store)
        try:
            await database._prepare(schema)
        except BaseException:
            await client.close()
            raise
        return database

    def collection(self, name: str) -> AsyncCollection[Document]:
        return self._database.get_collection(name)

    async def transaction(self, body: Body[T]) -> T:
        """Runs `body` in a transaction, and again from its start where MongoDB says a retry may help.

        `body` passes its session to every operation and has no other effects.
        """
        with mongo_errors(self._store, keeps_transient=False), pymongo.timeout(TRANSACTION_TIMEOUT_S):
            async with self._seen.session(self._client) as session:
                return await session.with_transaction(
                    self._watch(body), read_concern=ReadConcern("snapshot"), read_preference=ReadPreference.PRIMARY
                )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncClientSession]:
        """A session for majority reads that are never older than anything this process saw before, a write of its own
        or of a token (`reach`), whichever member is primary. What is written in it counts as its own, also where it
        fails on a key that is taken: the reads behind it see what took it. Raises as `mongo_errors` does.

        As cheap as a read without it: a primary that stays in office has nothing to wait for.
        """
        with mongo_errors(self._store):
            async with self._seen.session(self._client) as session:
                yield session

    @property
    def moment(self) -> Timestamp | None:
        """The newest one that this process knows to be durable; everything it read or wrote is not after it."""
        return self._seen.durable

    async def reach(self, moment: Timestamp) -> None:
        """Returns when `reading` sees everything until then. Raises Unavailable where the primary does not."""
        if self._seen.includes(moment):
            return
        with mongo_errors(self._store), pymongo.timeout(OPERATION_TIMEOUT_MS / 1_000):
            while not await self._has_reached(moment):  # noqa: ASYNC110 - the server is what changes
                await asyncio.sleep(REACH_PAUSE_S)

    async def _has_reached(self, moment: Timestamp) -> bool:
        """False where the primary has not heard of such a time: it was deposed and does not know, or the time is none
        of this replica set."""
        try:
            async with self._seen.session(self._client, at_least=moment) as session:
                await self._database["_meta"].find_one({}, {"_id": 1}, session=session)
        except OperationFailure as failure:
            if failure.code != TIME_IS_AHEAD:
                raise
            return False
        return True

    def _watch(self, body: Body[T]) -> Body[T]:
        """The body, for a transaction that others block: a killed process leaves its own open, with what it locked."""
        blocked = Blocked(self._client)

        async def watched(session: AsyncClientSession) -> T:
            try:
                return await body(session)
            except OperationFailure as failure:
                if failure.has_error_label("TransientTransactionError"):
                    await blocked.again()
                raise

        return watched

    async def next_positions(self, log: str, count: int) -> int:
        """Reserves `count` consecutive positions of a log and answers the first; a log starts at 1.

        A caller that dies before it writes leaves a gap, and reservations may be written out of order.
        """
        if count < 1:
            raise ValueError("at least one position")
        with mongo_errors(self._store):
            counter = await self._upserted("_counters", log, {"$inc": {"position": count}})
        return int(counter["position"]) - count + 1

    async def ping(self) -> None:
        """Raises Unavailable where the primary does not answer."""
        with mongo_errors(self._store):
            await self._client.admin.command("ping", read_preference=ReadPreference.PRIMARY)

    async def close(self) -> None:
        await self._client.close()

    async def _prepare(self, schema: MongoSchema) -> None:
        with mongo_errors(schema.store):
            hello = await self._client.admin.command("hello")
            if "setName" not in hello and hello.get("msg") != "isdbgrid":
                raise StartupError(
                    f"the MongoDB server of the {schema.store} store is standalone, which has no transactions: "
                    "start it with --replSet rs0 and run rs.initiate() once"
                )
            await self._check_version(schema)
            await asyncio.gather(*(self._create(name, indexes) for name, indexes in schema.indexes.items()))
            for name in schema.indexes:
                await self._settle(name)

    async def _check_version(self, schema: MongoSchema) -> None:
        stored = await self._upserted("_meta", schema.store, {"$max": {"version": schema.version}})
        if stored["version"] > schema.version:
            raise StartupError(
                f"database {self._database.name} holds version {stored['version']} of the {schema.store} store and "
                f"this program knows {schema.version}: use the newer program, or another database"
            )

    async def _create(self, name: str, indexes: Sequence[IndexModel]) -> None:
        """At start-up, not at the first write: reads of a collection fail until the majority knows of it."""
        try:
            await self._database.create_collection(name, check_exists=False)
        except OperationFailure as failure:
            if failure.code != NAMESPACE_EXISTS:
                raise
        if indexes:
            await self._database[name].create_indexes(list(indexes))

    async def _settle(self, name: str) -> None:
        """Waits until majority reads see the collection as it is now."""
        for _ in range(SETTLE_ATTEMPTS):
            try:
                await self._database[name].find_one({}, {"_id": 1})
            except OperationFailure as failure:
                if failure.code != SNAPSHOT_UNAVAILABLE:
                    raise
            else:
                return
            await asyncio.sleep(SETTLE_PAUSE_S)
        raise Unavailable("STORE_UNAVAILABLE", f"collection {name} does not settle", metadata={"store": self._store})

    async def _upserted(self, collection: str, key: str, update: Document) -> Document:
        document = await self._database[collection].find_one_and_update(
            {"_id": key}, update, upsert=True, return_document=ReturnDocument.AFTER
        )
        assert document is not None, "an upsert answers what it stored"
        return document


def _client(uri: str) -> AsyncMongoClient[Document]:
    return AsyncMongoClient(
        uri,
        w="majority",
        readConcernLevel="majority",
        readPreference="primary",
        retryWrites=True,
        retryReads=True,
        serverSelectionTimeoutMS=OPERATION_TIMEOUT_MS,
        timeoutMS=OPERATION_TIMEOUT_MS,
        tz_aware=True,
        appname=APP_NAME,
    )


@contextmanager
def mongo_errors(store: str = "mongo", *, keeps_transient: bool = True) -> Iterator[None]:
    """Turns a failing server into Unavailable (STORE_UNAVAILABLE). A `with` block around awaits, not a decorator.

    Left alone: duplicate keys, which are answers; our own mistakes in using the driver; and, within a transaction, what
    makes MongoDB try it again.
    """
    try:
        yield
    except (DuplicateKeyError, InvalidOperation, ConfigurationError):
        raise
    except PyMongoError as failure:
        if _is_duplicate(failure) or (keeps_transient and failure.has_error_label("TransientTransactionError")):
            raise
        raise Unavailable(
            "STORE_UNAVAILABLE", f"the {store} store does not answer", metadata={"store": store}
        ) from failure


def _is_duplicate(failure: PyMongoError) -> bool:
    """Whether a bulk write met nothing worse than taken keys."""
    if not isinstance(failure, BulkWriteError) or failure.details.get("writeConcernErrors"):
        return False
    return all(error.get("code") == DUPLICATE_KEY for error in failure.details["writeErrors"])
