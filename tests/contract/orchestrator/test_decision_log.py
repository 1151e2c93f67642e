"""What every DecisionLog promises, on SQLite and on MongoDB."""

from __future__ import annotations

import asyncio

from services.orchestrator.bootstrap import Stores
from tests.support.decisions import record, same_record


async def test_a_record_comes_back_as_it_was(stores: Stores) -> None:
    written = record()
    assert await stores.log.append(written)
    read = await stores.log.get("d_1")
    assert read is not None
    assert same_record(read, written)


async def test_a_record_is_found_by_its_request(stores: Stores, other_stores: Stores) -> None:
    await stores.log.append(record())
    read = await other_stores.log.get_by_request("r_1")
    assert read is not None
    assert same_record(read, record())


async def test_what_was_never_decided_is_not_found(stores: Stores) -> None:
    assert await stores.log.get("d_1") is None
    assert await stores.log.get_by_request("r_1") is None


async def test_a_request_has_one_decision(stores: Stores) -> None:
    assert await stores.log.append(record("d_1", "r_1"))
    assert not await stores.log.append(record("d_2", "r_1"))
    assert await stores.log.get("d_2") is None
    kept = await stores.log.get_by_request("r_1")
    assert kept is not None
    assert kept.decision_id == "d_1"


async def test_of_many_that_race_for_a_request_exactly_one_is_kept(stores: Stores, other_stores: Stores) -> None:
    logs = [stores.log, other_stores.log]
    kept = await asyncio.gather(*(logs[index % 2].append(record(f"d_{index}", "r_1")) for index in range(20)))
    assert kept.count(True) == 1
    read = await stores.log.get_by_request("r_1")
    assert read is not None
    assert read.decision_id == f"d_{kept.index(True)}"


async def test_the_tracking_secret_is_the_same_for_every_replica(stores: Stores, other_stores: Stores) -> None:
    proposals = [b"one", b"two"]
    secrets = await asyncio.gather(
        *(each.secrets.get_or_create("tracking", proposals[index]) for index, each in enumerate((stores, other_stores)))
    )
    assert secrets[0] == secrets[1]
    assert secrets[0] in proposals
    assert await stores.secrets.get_or_create("tracking", b"three") == secrets[0]
