"""The MongoDB database on a real server: durability settings, transactions, positions, versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import IndexModel, MongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError, InvalidOperation

from shared import mongo
from shared.errors import StartupError, Unavailable
from shared.mongo import MongoDatabase, MongoSchema, mongo_errors

SCHEMA = MongoSchema("numbers", 2, {"numbers": [IndexModel("value", unique=True), IndexModel("owner")]})


@pytest.fixture
async def database(mongo_uri: str, mongo_database_name: str) -> AsyncIterator[MongoDatabase]:
    database = await MongoDatabase.open(mongo_uri, mongo_database_name, schema=SCHEMA)
    yield database
    await database.close()


async def test_writes_and_reads_are_of_the_majority(database: MongoDatabase) -> None:
    collection = database.collection("numbers")
    assert collection.write_concern.document == {"w": "majority"}
    assert collection.read_concern.level == "majority"


async def test_uri_cannot_weaken_the_concerns(mongo_uri: str, mongo_database_name: str) -> None:
    weak = f"{mongo_uri}{'&' if '?' in mongo_uri else '/?'}w=1&retryWrites=false"
    database = await MongoDatabase.open(weak, mongo_database_name, schema=SCHEMA)
    assert database.collection("numbers").write_concern.document == {"w": "majority"}
    await database.close()


async def test_indexes_exist_and_opening_twice_changes_nothing(
    database: MongoDatabase, mongo_uri: str, mongo_database_name: str
) -> None:
    second = await MongoDatabase.open(mongo_uri, mongo_database_name, schema=SCHEMA)
    names = set(await second.collection("numbers").index_information())
    assert names == {"_id_", "value_1", "owner_1"}
    await second.close()


async def test_newer_schema_is_refused_and_stays(
    database: MongoDatabase, mongo_uri: str, mongo_database_name: str
) -> None:
    for _ in range(2):
        with pytest.raises(StartupError, match="version 2 of the numbers store and this program knows 1"):
            await MongoDatabase.open(mongo_uri, mongo_database_name, schema=MongoSchema("numbers", 1))
    other_store = await MongoDatabase.open(mongo_uri, mongo_database_name, schema=MongoSchema("letters", 1))
    await other_store.close()


async def test_duplicate_key_is_left_to_the_adapter(database: MongoDatabase) -> None:
    collection = database.collection("numbers")
    with mongo_errors("numbers"):
        await collection.insert_one({"_id": "a", "value": 1})
    with pytest.raises(DuplicateKeyError), mongo_errors("numbers"):
        await collection.insert_one({"_id": "b", "value": 1})
    with pytest.raises(BulkWriteError), mongo_errors("numbers"):
        await collection.insert_many([{"_id": "c", "value": 1}])


async def test_committed_transaction_is_whole_and_failed_one_leaves_nothing(database: MongoDatabase) -> None:
    collection = database.collection("numbers")

    async def insert_two(session: AsyncClientSession) -> str:
        await collection.insert_one({"_id": "a", "value": 1}, session=session)
        await collection.insert_one({"_id": "b", "value": 2}, session=session)
        return "done"

    async def insert_then_clash(session: AsyncClientSession) -> None:
        await collection.insert_one({"_id": "c", "value": 3}, session=session)
        await collection.insert_one({"_id": "d", "value": 1}, session=session)

    assert await database.transaction(insert_two) == "done"
    with pytest.raises(DuplicateKeyError):
        await database.transaction(insert_then_clash)
    assert await collection.distinct("_id") == ["a", "b"]


async def test_conflicting_transactions_are_tried_again_until_each_has_its_turn(database: MongoDatabase) -> None:
    collection = database.collection("numbers")
    await collection.insert_one({"_id": "counter", "value": 0})
    runs = 0

    async def increment(session: AsyncClientSession) -> None:
        nonlocal runs
        runs += 1
        with mongo_errors("numbers"):
            counter = await collection.find_one({"_id": "counter"}, session=session)
            assert counter is not None
            await asyncio.sleep(0.01)
            update = {"$set": {"value": counter["value"] + 1}}
            await collection.update_one({"_id": "counter"}, update, session=session)

    await asyncio.gather(*(database.transaction(increment) for _ in range(6)))
    counter = await collection.find_one({"_id": "counter"})
    assert counter is not None
    assert counter["value"] == 6
    assert runs > 6, "nothing conflicted, so nothing was tested"


async def test_transaction_that_can_never_commit_ends_as_unavailable(
    database: MongoDatabase,
    mongo_client: MongoClient[dict[str, Any]],
    mongo_database_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mongo, "TRANSACTION_TIMEOUT_S", 0.3)
    collection = database.collection("numbers")
    await collection.insert_one({"_id": "a", "value": 0})
    runs = 0

    async def clash(session: AsyncClientSession) -> None:
        nonlocal runs
        runs += 1
        await collection.update_one({"_id": "a"}, {"$inc": {"value": 1}}, session=session)

    with mongo_client.start_session() as holder, holder.start_transaction():
        mongo_client[mongo_database_name]["numbers"].update_one({"_id": "a"}, {"$inc": {"value": 1}}, session=holder)
        with pytest.raises(Unavailable) as caught:
            await database.transaction(clash)
    assert caught.value.metadata == {"store": "numbers"}
    assert runs > 1


async def test_positions_are_reserved_once_and_without_holes(database: MongoDatabase) -> None:
    firsts = await asyncio.gather(*(database.next_positions("events", 1 + i % 3) for i in range(30)))
    reserved = [first + offset for i, first in enumerate(firsts) for offset in range(1 + i % 3)]
    assert sorted(reserved) == list(range(1, 61))
    assert await database.next_positions("other", 5) == 1


async def test_reserving_nothing_is_a_mistake(database: MongoDatabase) -> None:
    with pytest.raises(ValueError, match="at least one"):
        await database.next_positions("events", 0)


async def test_moments_come_back_aware(database: MongoDatabase) -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    await database.collection("numbers").insert_one({"_id": "a", "value": moment})
    stored = await database.collection("numbers").find_one({"_id": "a"})
    assert stored is not None
    assert stored["value"] == moment


async def test_ping_answers(database: MongoDatabase) -> None:
    await database.ping()


async def test_operation_the_server_fails_is_unavailable(
    database: MongoDatabase, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    with pytest.raises(Unavailable) as caught, mongo_errors("numbers"):
        await database.collection("numbers").aggregate([{"$noSuchStage": 1}])
    assert caught.value.reason == "STORE_UNAVAILABLE"


async def test_closed_database_is_a_mistake_of_ours(mongo_uri: str, mongo_database_name: str) -> None:
    database = await MongoDatabase.open(mongo_uri, mongo_database_name, schema=SCHEMA)
    await database.close()
    with pytest.raises(InvalidOperation):
        await database.ping()
