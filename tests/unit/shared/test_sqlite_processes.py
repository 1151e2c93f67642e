"""SQLite across processes: kill -9 loses nothing acknowledged, and a second process reads and writes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from shared.sqlite import SqliteDatabase, StoreSchema

SCHEMA = StoreSchema("numbers", ("CREATE TABLE number (value INTEGER PRIMARY KEY)",))

WRITER = """
import asyncio, sys
from pathlib import Path
from shared.sqlite import SqliteDatabase, StoreSchema

async def main(path, start, count):
    schema = StoreSchema("numbers", ("CREATE TABLE number (value INTEGER PRIMARY KEY)",))
    database = await SqliteDatabase.open(Path(path), schema=schema)

    async def write(value):
        await database.write(lambda connection: connection.execute("INSERT INTO number VALUES (?)", (value,)))
        print(value, flush=True)

    for first in range(start, start + count, 16):
        await asyncio.gather(*(write(value) for value in range(first, min(first + 16, start + count))))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


def start_writer(path: Path, first: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(first), str(count)], stdout=subprocess.PIPE, text=True
    )


async def stored(path: Path) -> set[int]:
    database = await SqliteDatabase.open(path, schema=SCHEMA)
    rows = {value for (value,) in database.read("SELECT value FROM number")}
    assert database.read("PRAGMA integrity_check") == [("ok",)]
    await database.close()
    return rows


async def test_kill_9_loses_no_acknowledged_write(tmp_path: Path) -> None:
    path = tmp_path / "n.db"
    writer = start_writer(path, 0, 1_000_000)
    assert writer.stdout is not None
    acknowledged = {int(writer.stdout.readline()) for _ in range(500)}
    writer.kill()
    acknowledged |= {int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")}
    assert writer.wait() == -9
    assert acknowledged <= await stored(path)


async def test_two_processes_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "n.db"
    ours = await SqliteDatabase.open(path, schema=SCHEMA)
    other = start_writer(path, 1_000, 200)
    for value in range(200):
        await ours.write(
            lambda connection, value=value: connection.execute("INSERT INTO number VALUES (?)", (value,))  # type: ignore[misc]
        )
    output, _ = await asyncio.to_thread(other.communicate)
    assert other.returncode == 0
    assert len(output.splitlines()) == 200
    assert ours.read_one("SELECT count(*) FROM number") == (400,)
    await ours.close()
