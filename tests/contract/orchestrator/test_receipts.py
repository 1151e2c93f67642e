"""What calls were answered: found by request id, and not for ever."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path

from services.orchestrator.adapters.schema import MIGRATIONS, MONGO_SCHEMA, RECEIPT_TIMES
from services.orchestrator.app.outcome_store import Capture
from services.orchestrator.app.prune_receipts import AT_ONCE, KEPT_MS, PruneReceipts
from services.orchestrator.bootstrap import Stores, open_stores
from services.orchestrator.settings import OrchestratorSettings
from shared.clock import system_clock
from shared.mongo import MongoDatabase
from shared.settings import StoreKind
from tests.support.conversions import batch, purchase, touch, touch_batch

MINUTE_MS = 60_000


async def test_every_kind_of_receipt_ends_and_what_was_told_does_not(stores: Stores) -> None:
    conversions, touches = stores.feedback.conversions, stores.feedback.touches
    await conversions.append(batch("r_1", purchase()))
    await touches.append(touch_batch("r_2", touch()))
    await stores.outcomes.append(Capture("CaptureOutcomes", "r_3", "body", (), {}, lambda _: b"{}"))

    async def kept() -> list[bool]:
        found = [
            await conversions.receipt("RecordConversions", "r_1"),
            await touches.receipt("RecordTouches", "r_2"),
            await stores.outcomes.receipt("CaptureOutcomes", "r_3"),
        ]
        return [each is not None for each in found]

    begin_ms = system_clock()
    await PruneReceipts(stores.receipts, lambda: begin_ms + KEPT_MS - MINUTE_MS).prune()
    assert await kept() == [True, True, True]
    assert await stores.receipts.prune(begin_ms + MINUTE_MS, 2) == 2
    await PruneReceipts(stores.receipts, lambda: begin_ms + KEPT_MS + MINUTE_MS).prune()
    assert await kept() == [False, False, False]
    assert await stores.receipts.prune(begin_ms + MINUTE_MS, AT_ONCE) == 0
    assert b"duplicate" in (await conversions.append(batch("r_1", purchase()))).response


async def test_receipts_from_before_they_were_dated_are_kept_as_long_as_new_ones(tmp_path: Path) -> None:
    before = MIGRATIONS[: MIGRATIONS.index(RECEIPT_TIMES)]
    with sqlite3.connect(tmp_path / "orchestrator.sqlite") as of_old:
        of_old.executescript("".join(before))
        of_old.execute(f"PRAGMA user_version = {len(before)}")
        of_old.execute("INSERT INTO receipts VALUES ('CaptureOutcomes', 'r_1', 'body', X'7b7d')")
    async with AsyncExitStack() as stack:
        stores = await open_stores(OrchestratorSettings(data_dir=tmp_path), stack)
        assert await stores.receipts.prune(system_clock() - MINUTE_MS, 9) == 0
        assert await stores.outcomes.receipt("CaptureOutcomes", "r_1") is not None
        assert await stores.receipts.prune(system_clock() + MINUTE_MS, 9) == 1


async def test_so_are_those_in_mongodb(mongo_uri: str, empty_database_name: str) -> None:
    database = await MongoDatabase.open(mongo_uri, empty_database_name, schema=MONGO_SCHEMA)
    try:
        of_old = {"_id": "CaptureOutcomes/r_1", "body_hash": "body", "response": b"{}"}
        await database.collection("receipts").insert_one(of_old)
    finally:
        await database.close()
    async with AsyncExitStack() as stack:
        settings = OrchestratorSettings(store=StoreKind.MONGO, mongo_uri=mongo_uri, mongo_database=empty_database_name)
        stores = await open_stores(settings, stack)
        assert await stores.receipts.prune(system_clock() - MINUTE_MS, 9) == 0
        assert await stores.outcomes.receipt("CaptureOutcomes", "r_1") is not None
        assert await stores.receipts.prune(system_clock() + MINUTE_MS, 9) == 1
