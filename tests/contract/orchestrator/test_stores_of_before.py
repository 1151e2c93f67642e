"""What was stored before there were objectives is read, and learnt from, as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Set
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.schema import MIGRATIONS, MONGO_SCHEMA, TAKEN_BACK
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.outcome_store import Capture, CapturedOutcome
from services.orchestrator.app.volume.bank import Settlement
from services.orchestrator.bootstrap import Stores, open_stores
from services.orchestrator.domain.outcome import Effect
from services.orchestrator.settings import OrchestratorSettings
from shared.mongo import MongoDatabase
from shared.settings import StoreKind
from tests.support.decisions import PRESENTATION, captured, record, same_record

OF_OLD = captured("o_1", Effect.SUCCEEDED, time_ms=5)
KEY = OF_OLD.reward_key


def without(kind: object, *fields: str) -> bytes:
    """The bytes that a program wrote which did not know these fields."""
    known: dict[str, Any] = msgspec.msgpack.decode(zstandard.decompress(BlobCodec().encode(kind)))
    for field in fields:
        del known[field]
    return zstandard.compress(msgspec.msgpack.encode(known))


def test_a_decision_without_objectives_is_read() -> None:
    blob = without(record(), "objectives", "segments", "shadow", "is_apprentice")
    read = BlobCodec().decode(DecisionRecord, blob)
    assert same_record(read, replace(record(), objectives=(), segments=None, shadow=None, is_apprentice=False))


async def test_sqlite_learns_on_from_what_it_had(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "orchestrator.sqlite") as of_old:
        of_old.executescript("".join(MIGRATIONS[:2]))
        of_old.execute("PRAGMA user_version = 2")
        blob = without(OF_OLD, "lessons")
        of_old.execute("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?)", ("o_1", "d_1", KEY, 2, 5, blob))
        of_old.execute("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?)", ("o_0", "d_1", KEY, 0, 5, blob))
        presentation = without(PRESENTATION, "prediction")
        of_old.execute("INSERT INTO reward_outbox VALUES (?, 1, 1.0, 5, ?)", (KEY, presentation))
        of_old.execute("INSERT INTO policies VALUES ('p', 'n', 't', 'r', 'f', 'c', 7)")
    async with AsyncExitStack() as stack:
        stores = await open_stores(OrchestratorSettings(data_dir=tmp_path), stack)
        policy = await stores.policies.get("p")
        assert policy is not None
        assert (policy.versions.feature_set, policy.versions.feature_sets, policy.publish_time_ms) == ("f", {}, 7)
        await learns_on(stores)


async def test_mongo_learns_on_from_what_it_had(mongo_uri: str, empty_database_name: str) -> None:
    async with AsyncExitStack() as stack:
        database = await MongoDatabase.open(mongo_uri, empty_database_name, schema=MONGO_SCHEMA)
        stack.push_async_callback(database.close)
        outcome = {"_id": "o_1", "decision_id": "d_1", "reward_key": KEY, "effect": 2, "outcome_time_ms": 5}
        times = {"capture_time_ms": 5, "position": 0}
        await database.collection("outcomes").insert_one({**outcome, **times, "outcome": without(OF_OLD, "lessons")})
        reward = {"_id": KEY, "revision": 1, "value": 1.0, "time_ms": 5, "is_pending": True}
        presentation = without(PRESENTATION, "prediction")
        await database.collection("reward_outbox").insert_one({**reward, "presentation": presentation})
        settings = OrchestratorSettings(store=StoreKind.MONGO, mongo_uri=mongo_uri, mongo_database=empty_database_name)
        await learns_on(await open_stores(settings, stack))


async def learns_on(stores: Stores) -> None:
    """The success waits; an impression that comes now does not undo it, a return does; and all of it can be erased."""
    assert [(each.value, each.presentation) for each in await stores.outcomes.pending(9, 0)] == [(1.0, PRESENTATION)]
    await stores.outcomes.append(_capture("r_1", captured("o_2", time_ms=6)))
    assert [(each.value, each.revision) for each in await stores.outcomes.pending(9, 0)] == [(1.0, 1)]
    await stores.outcomes.append(_capture("r_2", captured("o_3", Effect.TAKEN_BACK, time_ms=7)))
    assert [(each.value, each.revision) for each in await stores.outcomes.pending(9, 0)] == [(0.0, 2)]
    kept = await stores.outcomes.list_by_decision("d_1")
    assert {each.item.idempotency_key: len(each.lessons) for each in kept}["o_1"] == 0
    await stores.erasures.hold_rewards(["d_1"])
    await stores.erasures.erase(["d_1"])
    assert await stores.outcomes.count_pending(10**15) == 0
    assert await stores.outcomes.list_by_decision("d_1") == ()


def _capture(request_id: str, taken: CapturedOutcome) -> Capture:
    def response_of(new_keys: Set[str]) -> bytes:
        return ",".join(new_keys).encode()

    return Capture("CaptureOutcomes", request_id, "body", (taken,), {KEY: PRESENTATION}, response_of)


ROW = {"proposition_id": "p_1", "resource_id": "offer", "period_ms": 0, "used": 7, "is_realised": False}


async def test_sqlite_takes_back_what_was_given_back_before(tmp_path: Path) -> None:
    before = MIGRATIONS[: MIGRATIONS.index(TAKEN_BACK)]
    with sqlite3.connect(tmp_path / "orchestrator.sqlite") as of_old:
        of_old.executescript("".join(before))
        of_old.execute(f"PRAGMA user_version = {len(before)}")
        of_old.execute("INSERT INTO volume_settlements VALUES ('p_1/offer', ?, ?, ?, ?, ?, 0)", (*ROW.values(),))
    async with AsyncExitStack() as stack:
        await takes_back(await open_stores(OrchestratorSettings(data_dir=tmp_path), stack))


async def test_mongo_takes_back_what_was_given_back_before(mongo_uri: str, empty_database_name: str) -> None:
    async with AsyncExitStack() as stack:
        database = await MongoDatabase.open(mongo_uri, empty_database_name, schema=MONGO_SCHEMA)
        stack.push_async_callback(database.close)
        settled = {"_id": "p_1/offer", **ROW, "is_waiting": False}
        await database.collection("volume_settlements").insert_one(settled)
        waiting = {"_id": "p_2/offer", **ROW, "proposition_id": "p_2", "is_waiting": True}
        await database.collection("volume_settlements").insert_one(waiting)
        settings = OrchestratorSettings(store=StoreKind.MONGO, mongo_uri=mongo_uri, mongo_database=empty_database_name)
        stores = await open_stores(settings, stack)
        (first,) = await stores.bank.waiting(9)
        assert (first.proposition_id, first.is_realised, first.takes_back) == ("p_2", False, False)
        await database.collection("volume_settlements").delete_one({"_id": "p_2/offer"})
        await takes_back(stores)


async def takes_back(stores: Stores) -> None:
    realised = Settlement("p_1", "offer", 0, 7, is_realised=True)
    outcomes = [captured("o_1", Effect.NOTHING)]
    said = {"o_1": [realised]}
    await stores.outcomes.append(Capture("R", "r_1", "body", outcomes, {}, lambda _: b"", settlements=said))
    assert await stores.bank.waiting(9) == (replace(realised, takes_back=True),)
