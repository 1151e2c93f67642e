"""The use cases in this process, without gRPC: how many of them a second of CPU does.

On MongoDB the server's own CPU is not counted: it runs elsewhere. The floor is the driver alone, reading or writing a
record of the same size.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from services.profile.adapters.encoding import encode_profile
from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.app.requests import ProfileQuery, RecordEvents
from services.profile.domain.identities import Identity
from shared.ids import new_id
from tests.bench import population
from tests.bench.report import Row

READS, WRITES = 3_000, 1_000
BATCH = 100
CALLERS = 16

Step = Callable[[int], Awaitable[Any]]


async def per_cpu_second(step: Step, count: int, *, each: int = 1) -> float:
    """`count` steps one after the other, each worth `each`."""
    for index in range(20):
        await step(index)
    began = time.process_time()
    for index in range(count):
        await step(index)
    return count * each / (time.process_time() - began)


async def per_cpu_second_together(step: Step, count: int) -> float:
    """The same from CALLERS callers at once."""

    async def caller(first: int) -> None:
        for index in range(first, count, CALLERS):
            await step(index)

    began = time.process_time()
    await asyncio.gather(*(caller(first) for first in range(CALLERS)))
    return count / (time.process_time() - began)


async def cases(name: str, app: ProfileApplication, stores: Stores, people: int, floor: dict[str, float]) -> list[Row]:
    chance = random.Random(7)

    def query() -> ProfileQuery:
        return ProfileQuery((Identity("crm", f"{chance.randrange(people):08}"),))

    def write(count: int) -> RecordEvents:
        numbers = [chance.randrange(people) for _ in range(count)]
        return RecordEvents(new_id("bench"), tuple(next(population.events(each, chance, 1)) for each in numbers))

    async def read(_: int) -> None:
        await app.get_profile(query())

    async def read_many(_: int) -> None:
        await app.batch_get_profiles([query() for _ in range(BATCH)])

    async def record(_: int) -> None:
        await app.record_events(write(1))

    async def record_many(_: int) -> None:
        await app.record_events(write(BATCH))

    reads, writes = {"driver": floor["read"]}, {"driver": floor["write"]}
    unit = "per CPU second (/s)"
    return [
        Row(f"{name}: profile read, single", unit, await per_cpu_second(read, READS), reads),
        Row(f"{name}: profile read, {CALLERS} callers", unit, await per_cpu_second_together(read, READS), reads),
        Row(f"{name}: profile read, batch of {BATCH}", unit, await per_cpu_second(read_many, 30, each=BATCH), reads),
        Row(f"{name}: event write, single", unit, await per_cpu_second(record, WRITES), writes),
        Row(f"{name}: event write, {CALLERS} callers", unit, await per_cpu_second_together(record, WRITES), writes),
        Row(f"{name}: event write, batch of {BATCH}", unit, await per_cpu_second(record_many, 20, each=BATCH), writes),
    ]


async def typical_record(stores: Stores) -> bytes:
    (profile,) = (await stores.scans.scan("", 1, None)).profiles
    return encode_profile(profile)


async def sqlite_floor(folder: Path, record: bytes) -> dict[str, float]:
    """One row by its key, and one replaced in a transaction of its own."""
    with closing(sqlite3.connect(folder / "floor.sqlite", isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE record (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
        connection.executemany("INSERT INTO record VALUES (?, ?)", [(f"p{i}", record) for i in range(1_000)])

        async def read(index: int) -> None:
            connection.execute("SELECT body FROM record WHERE id = ?", (f"p{index % 1_000}",)).fetchone()

        async def write(index: int) -> None:
            connection.execute("UPDATE record SET body = ? WHERE id = ?", (record, f"p{index % 1_000}"))

        return {"read": await per_cpu_second(read, 20_000), "write": await per_cpu_second(write, 2_000)}


async def mongo_floor(uri: str, database: str, record: bytes) -> dict[str, float]:
    """One document by its key, and one replaced, with majority."""
    async with AsyncMongoClient[dict[str, Any]](uri, w="majority") as client:
        records = client[database]["floor"]
        await records.insert_many([{"_id": f"p{i}", "body": record} for i in range(1_000)])

        async def read(index: int) -> None:
            await records.find_one({"_id": f"p{index % 1_000}"})

        async def write(index: int) -> None:
            await records.update_one({"_id": f"p{index % 1_000}"}, {"$set": {"body": record}})

        return {"read": await per_cpu_second(read, 3_000), "write": await per_cpu_second(write, 1_000)}
