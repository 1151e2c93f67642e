"""What every PolicyStore promises, on SQLite and on MongoDB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.orchestrator.adapters.mongo_policy_store import PIECE_BYTES, MongoPolicyStore
from services.orchestrator.adapters.schema import MONGO_SCHEMA, SQLITE_SCHEMA
from services.orchestrator.adapters.sqlite_policy_store import SqlitePolicyStore
from services.orchestrator.app.policy_store import (
    NOTHING_ACTIVE,
    ActivePointer,
    PolicyRecord,
    PolicyStore,
    PolicyVersions,
    Receipt,
)
from shared.errors import AlreadyExists
from shared.mongo import MongoDatabase
from shared.sqlite import SqliteDatabase


@pytest.fixture(params=["sqlite", "mongo"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PolicyStore]:
    if request.param == "sqlite":
        database = await SqliteDatabase.open(tmp_path / "orchestrator.db", schema=SQLITE_SCHEMA)
        yield SqlitePolicyStore(database)
        await database.close()
        return
    uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("empty_database_name")
    mongo = await MongoDatabase.open(uri, name, schema=MONGO_SCHEMA)
    yield MongoPolicyStore(mongo)
    await mongo.close()


def _record(version: str, files: dict[str, bytes] | None = None) -> PolicyRecord:
    versions = PolicyVersions(version, f"t-{version}", f"r-{version}", f"f-{version}", f"c-{version}")
    return PolicyRecord(versions, "boutique", files or {"policy.yaml": b"policy: boutique\n"}, 1_700_000_000_123)


def _receipt(request_id: str, body: str = "body", rpc: str = "PublishPolicy") -> Receipt:
    return Receipt(rpc, request_id, body, f"answer to {request_id}".encode())


async def test_the_features_of_each_objective_are_kept(store: PolicyStore) -> None:
    plain, record = _record("p1"), _record("p2")
    versions = replace(record.versions, feature_sets={"click": "f-click", "buy": "f-buy"})
    for index, each in enumerate((plain, replace(record, versions=versions))):
        await store.add(each, _receipt(f"r{index}"), await store.active())
        assert await store.get(each.versions.policy) == each


async def test_an_empty_store_has_nothing_active(store: PolicyStore) -> None:
    assert await store.active() == NOTHING_ACTIVE
    assert await store.get("p-1") is None
    assert await store.receipt("PublishPolicy", "one") is None


async def test_a_record_comes_back_as_it_was(store: PolicyStore) -> None:
    record = _record("p-1", {"a.yaml": b"a: 1", "actions/\u00e9t\u00e9.yaml": bytes(range(256)), "empty.yaml": b""})
    assert await store.add(record, _receipt("one"), NOTHING_ACTIVE)
    assert await store.get("p-1") == record


async def test_files_of_any_size_come_back(store: PolicyStore) -> None:
    record = _record("p-1", {"big.yaml": b"x" * (PIECE_BYTES + 7), "exact.yaml": b"y" * PIECE_BYTES})
    assert await store.add(record, _receipt("one"), NOTHING_ACTIVE)
    assert await store.get("p-1") == record


async def test_numbers_come_back_as_whole_numbers(store: PolicyStore) -> None:
    """Of our own kind: they are encoded again in receipts."""
    await store.add(_record("p-1"), _receipt("one"), NOTHING_ACTIVE)
    kept = await store.get("p-1")
    assert kept is not None
    assert (type(kept.publish_time_ms), type((await store.active()).generation)) == (int, int)


async def test_the_first_record_becomes_active_and_the_second_does_not(store: PolicyStore) -> None:
    assert await store.add(_record("p-1"), _receipt("one"), NOTHING_ACTIVE)
    first = await store.active()
    assert first == ActivePointer("p-1", 1)
    assert await store.add(_record("p-2"), _receipt("two"), first)
    assert await store.active() == first
    assert await store.get("p-2") == _record("p-2")


async def test_a_stored_record_never_changes(store: PolicyStore) -> None:
    await store.add(_record("p-1"), _receipt("one"), NOTHING_ACTIVE)
    later = replace(_record("p-1"), publish_time_ms=2, name="other")
    assert await store.add(later, _receipt("two"), ActivePointer("p-1", 1))
    assert await store.get("p-1") == _record("p-1")


async def test_nothing_is_stored_when_the_pointer_moved(store: PolicyStore) -> None:
    await store.add(_record("p-1"), _receipt("one"), NOTHING_ACTIVE)
    assert not await store.add(_record("p-2"), _receipt("two"), NOTHING_ACTIVE)
    assert await store.get("p-2") is None
    assert await store.receipt("PublishPolicy", "two") is None
    assert not await store.activate("p-1", _receipt("three"), ActivePointer("p-1", 7))
    assert await store.receipt("PublishPolicy", "three") is None


async def test_activation_moves_the_pointer_and_counts(store: PolicyStore) -> None:
    await store.add(_record("p-1"), _receipt("one"), NOTHING_ACTIVE)
    await store.add(_record("p-2"), _receipt("two"), ActivePointer("p-1", 1))
    assert await store.activate("p-2", _receipt("three"), ActivePointer("p-1", 1))
    assert await store.active() == ActivePointer("p-2", 2)
    assert await store.activate("p-1", _receipt("four"), ActivePointer("p-2", 2))
    assert await store.active() == ActivePointer("p-1", 3)


async def test_a_receipt_is_kept_with_its_change(store: PolicyStore) -> None:
    await store.add(_record("p-1"), _receipt("one"), NOTHING_ACTIVE)
    assert await store.receipt("PublishPolicy", "one") == _receipt("one")
    assert await store.receipt("ActivatePolicy", "one") is None


async def test_a_repeated_request_changes_nothing(store: PolicyStore) -> None:
    await store.add(_record("p-1"), _receipt("one"), NOTHING_ACTIVE)
    await store.add(_record("p-2"), _receipt("two"), ActivePointer("p-1", 1))
    moved = _receipt("three", rpc="ActivatePolicy")
    await store.activate("p-2", moved, ActivePointer("p-1", 1))
    assert await store.activate("p-1", moved, ActivePointer("p-2", 2))
    assert await store.active() == ActivePointer("p-2", 2)
    assert await store.add(_record("p-3"), _receipt("two"), ActivePointer("p-2", 2))
    assert await store.get("p-3") is None


async def test_a_request_id_is_refused_for_another_body(store: PolicyStore) -> None:
    await store.add(_record("p-1"), _receipt("one"), NOTHING_ACTIVE)
    pointer = ActivePointer("p-1", 1)
    for change in (
        store.add(_record("p-2"), _receipt("one", "other"), pointer),
        store.activate("p-1", _receipt("one", "other"), pointer),
    ):
        with pytest.raises(AlreadyExists) as refusal:
            await change
        assert refusal.value.reason == "REQUEST_ID_REUSED"
    assert await store.get("p-2") is None
    assert await store.active() == pointer


async def test_of_many_first_records_at_once_one_becomes_active(store: PolicyStore) -> None:
    names = [f"p-{index}" for index in range(8)]
    done = await asyncio.gather(*(store.add(_record(name), _receipt(name), NOTHING_ACTIVE) for name in names))
    assert done.count(True) == 1
    assert await store.active() == ActivePointer(names[done.index(True)], 1)


async def test_of_many_activations_at_once_one_moves_the_pointer(store: PolicyStore) -> None:
    await store.add(_record("p-1"), _receipt("first"), NOTHING_ACTIVE)
    pointer = ActivePointer("p-1", 1)
    receipts = [_receipt(f"move-{index}", rpc="ActivatePolicy") for index in range(8)]
    done = await asyncio.gather(*(store.activate("p-1", receipt, pointer) for receipt in receipts))
    assert done.count(True) == 1
    assert await store.active() == ActivePointer("p-1", 2)


async def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "orchestrator.db"
    database = await SqliteDatabase.open(file, schema=SQLITE_SCHEMA)
    await SqlitePolicyStore(database).add(_record("p-1"), _receipt("one"), NOTHING_ACTIVE)
    await database.close()
    database = await SqliteDatabase.open(file, schema=SQLITE_SCHEMA)
    again = SqlitePolicyStore(database)
    assert (await again.get("p-1"), await again.active()) == (_record("p-1"), ActivePointer("p-1", 1))
    await database.close()
