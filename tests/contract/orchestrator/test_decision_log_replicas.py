"""The decision log, where the replica set has just elected a primary that does not know the newest decisions yet."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from services.orchestrator.adapters.mongo_decision_log import MongoDecisionLog
from services.orchestrator.adapters.schema import MONGO_SCHEMA
from shared.mongo import MongoDatabase
from tests.support.decisions import record
from tests.support.replica_set import ReplicaSet


@pytest.fixture
async def logs(replica_set: ReplicaSet) -> AsyncIterator[list[MongoDecisionLog]]:
    """Of two replicas."""
    name = f"decisions_{uuid.uuid4().hex[:12]}"
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(2):
            database = await MongoDatabase.open(replica_set.uri, name, schema=MONGO_SCHEMA)
            stack.push_async_callback(database.close)
            opened.append(MongoDecisionLog(database))
        yield opened


async def test_who_comes_second_finds_the_decision_that_took_the_request(
    replica_set: ReplicaSet, logs: list[MongoDecisionLog]
) -> None:
    first, second = logs
    assert await second.get_by_request("r_1") is None
    replica_set.blind_the_secondaries()
    assert await first.append(record("d_1", "r_1"))
    await asyncio.to_thread(replica_set.elect_another)
    assert await second.get_by_request("r_1") is None, "the new primary knows: this shows nothing"
    appending = asyncio.create_task(second.append(record("d_2", "r_1")))
    await asyncio.sleep(0.5)
    replica_set.see_the_majority_again()
    assert not await appending
    kept = await second.get_by_request("r_1")
    assert kept is not None
    assert kept.decision_id == "d_1"
