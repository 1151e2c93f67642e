"""What a transaction does about one that a killed process left open, with the documents it had written to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.asynchronous.client_session import AsyncClientSession

from shared import mongo_transactions
from shared.mongo import MongoDatabase, MongoSchema
from shared.mongo_transactions import APP_NAME

SCHEMA = MongoSchema("numbers", 1, {"numbers": []})


@pytest.fixture
async def database(mongo_uri: str, mongo_database_name: str) -> AsyncIterator[MongoDatabase]:
    database = await MongoDatabase.open(mongo_uri, mongo_database_name, schema=SCHEMA)
    await database.collection("numbers").insert_one({"_id": "n", "value": 0})
    yield database
    await database.close()


def set_value(client: Any, session: Any, value: int) -> Any:
    return client["numbers"].update_one({"_id": "n"}, {"$set": {"value": value}}, session=session)


async def increment(database: MongoDatabase) -> None:
    async def body(session: AsyncClientSession) -> None:
        numbers = database.collection("numbers")
        await numbers.update_one({"_id": "n"}, {"$inc": {"value": 1}}, session=session)

    await database.transaction(body)


async def test_an_abandoned_transaction_is_ended_long_before_the_server_would(
    database: MongoDatabase, mongo_uri: str, mongo_database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_transactions, "PATIENCE_S", 0.3)
    monkeypatch.setattr(mongo_transactions, "ABANDONED_S", 0.3)
    with MongoClient[dict[str, Any]](mongo_uri, appname=APP_NAME) as dead, dead.start_session() as session:
        session.start_transaction()
        set_value(dead[mongo_database_name], session, 100)
        started = time.monotonic()
        await increment(database)
        assert time.monotonic() - started < 5
        numbers = database.collection("numbers")
        assert await numbers.find_one({"_id": "n"}) == {"_id": "n", "value": 1}
        with pytest.raises(Exception, match="aborted"):
            session.commit_transaction()


async def test_a_transaction_that_somebody_works_on_is_waited_for(
    database: MongoDatabase, mongo_uri: str, mongo_database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_transactions, "PATIENCE_S", 0.2)
    monkeypatch.setattr(mongo_transactions, "ABANDONED_S", 2.0)
    with MongoClient[dict[str, Any]](mongo_uri, appname=APP_NAME) as alive, alive.start_session() as session:
        session.start_transaction()
        set_value(alive[mongo_database_name], session, 100)
        waiting = asyncio.create_task(increment(database))
        for value in range(101, 108):
            await asyncio.to_thread(set_value, alive[mongo_database_name], session, value)
            await asyncio.sleep(0.1)
        assert not waiting.done() or waiting.exception() is None
        session.commit_transaction()
        await waiting
    assert await database.collection("numbers").find_one({"_id": "n"}) == {"_id": "n", "value": 108}


async def test_a_stranger_is_not_touched(
    database: MongoDatabase, mongo_client: MongoClient[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_transactions, "PATIENCE_S", 0.1)
    monkeypatch.setattr(mongo_transactions, "ABANDONED_S", 0.1)
    name = database.collection("numbers").database.name
    with mongo_client.start_session() as session:
        session.start_transaction()
        set_value(mongo_client[name], session, 100)
        waiting = asyncio.create_task(increment(database))
        await asyncio.sleep(0.8)
        session.commit_transaction()
        await waiting
    assert await database.collection("numbers").find_one({"_id": "n"}) == {"_id": "n", "value": 101}
