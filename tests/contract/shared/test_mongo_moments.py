"""Reads that never go back, on a replica set whose new primary does not know yet what the majority has."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from bson.timestamp import Timestamp
from pymongo.asynchronous.client_session import AsyncClientSession

from shared import mongo
from shared.errors import Unavailable
from shared.mongo import MongoDatabase, MongoSchema
from tests.support.replica_set import ReplicaSet

SCHEMA = MongoSchema("numbers", 1, {"numbers": []})


@pytest.fixture
def name() -> str:
    return f"moments_{uuid.uuid4().hex[:12]}"


@pytest.fixture
async def writer(replica_set: ReplicaSet, name: str) -> AsyncIterator[MongoDatabase]:
    database = await MongoDatabase.open(replica_set.uri, name, schema=SCHEMA)
    yield database
    await database.close()


@pytest.fixture
async def reader(replica_set: ReplicaSet, name: str) -> AsyncIterator[MongoDatabase]:
    """Another process, as far as the database is concerned."""
    database = await MongoDatabase.open(replica_set.uri, name, schema=SCHEMA)
    yield database
    await database.close()


async def write(database: MongoDatabase, value: int) -> Timestamp:
    async def body(session: AsyncClientSession) -> None:
        await database.collection("numbers").update_one(
            {"_id": "n"}, {"$set": {"value": value}}, upsert=True, session=session
        )

    await database.transaction(body)
    assert database.moment is not None
    return database.moment


async def read(database: MongoDatabase) -> int:
    async with database.reading() as session:
        document = await database.collection("numbers").find_one({"_id": "n"}, session=session)
    return int(document["value"]) if document else 0


async def read_at_last(database: MongoDatabase) -> int:
    """On a machine so busy that a new primary does not answer within one timeout."""
    for _ in range(3):
        try:
            return await read(database)
        except Unavailable:
            continue
    return await read(database)


async def elect_one_that_does_not_know(replica_set: ReplicaSet, writer: MongoDatabase, value: int) -> Timestamp:
    """The value is written when both secondaries have stopped seeing what the majority has; one becomes primary."""
    replica_set.blind_the_secondaries()
    moment = await write(writer, value)
    await asyncio.to_thread(replica_set.elect_another)
    return moment


async def test_a_read_with_a_moment_waits_where_one_without_is_stale(
    replica_set: ReplicaSet, writer: MongoDatabase, reader: MongoDatabase
) -> None:
    await write(writer, 1)
    moment = await elect_one_that_does_not_know(replica_set, writer, 2)
    assert await read_at_last(reader) == 1, "the primary knows too much: this shows nothing"
    waiting = asyncio.create_task(reader.reach(moment))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    replica_set.see_the_majority_again()
    await waiting
    assert await read(reader) == 2


async def test_a_process_never_reads_behind_its_own_write(replica_set: ReplicaSet, writer: MongoDatabase) -> None:
    await write(writer, 1)
    await elect_one_that_does_not_know(replica_set, writer, 2)
    waiting = asyncio.create_task(read(writer))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    replica_set.see_the_majority_again()
    assert await waiting == 2


async def test_a_moment_that_does_not_come_is_unavailable(
    replica_set: ReplicaSet, writer: MongoDatabase, reader: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(writer, 1)
    moment = await elect_one_that_does_not_know(replica_set, writer, 2)
    monkeypatch.setattr(mongo, "OPERATION_TIMEOUT_MS", 500)
    with pytest.raises(Unavailable):
        await reader.reach(moment)
    monkeypatch.undo()
    assert await read_at_last(reader) == 1, "a moment that was not reached holds up nobody else"


async def test_a_moment_ahead_of_the_server_is_unavailable_and_harms_no_other_read(
    writer: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = await write(writer, 1)
    monkeypatch.setattr(mongo, "OPERATION_TIMEOUT_MS", 500)
    with pytest.raises(Unavailable):
        await writer.reach(Timestamp(moment.time + 3_600, 1))
    assert await asyncio.wait_for(read(writer), 2) == 1
    assert writer.moment is not None
    assert writer.moment.time < moment.time + 60


async def test_who_tries_again_after_a_failed_transaction_reads_no_less_than_it_did(
    replica_set: ReplicaSet, writer: MongoDatabase, reader: MongoDatabase
) -> None:
    async def clash(session: AsyncClientSession) -> None:
        document = await reader.collection("numbers").find_one({"_id": "n"}, session=session)
        assert document == {"_id": "n", "value": 2}
        raise ValueError("somebody else was here")

    await write(writer, 1)
    await elect_one_that_does_not_know(replica_set, writer, 2)
    assert await read_at_last(reader) == 1
    with pytest.raises(ValueError, match="somebody else"):
        await reader.transaction(clash)
    waiting = asyncio.create_task(read(reader))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    replica_set.see_the_majority_again()
    assert await waiting == 2
