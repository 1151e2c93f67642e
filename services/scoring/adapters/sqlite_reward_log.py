"""The reward log in SQLite: one writer at a time over all processes, so positions are in order of commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection, Sequence

from services.scoring.adapters.encoding import (
    ERASED,
    decode_addition,
    decode_entry,
    decode_receipt,
    encode_addition,
    encode_outcomes,
)
from services.scoring.adapters.sqlite_tables import RECEIPT_MS
from services.scoring.domain.reward_batch import Addition, Appended, Receipt, RewardBatch, settle
from services.scoring.domain.rewards import ErasedEntry, LogEntry
from shared.sqlite import SqliteDatabase

_OF_PREFIX = "SELECT position FROM reward WHERE reward_key >= ? AND reward_key < ?"
_UNNAMED = "SELECT position, content FROM reward WHERE reward_key IS NULL AND content <> ?"
_NO_POSITION = 2**63 - 1
_RECEIPT = "SELECT body_hash, outcomes FROM receipt WHERE request_id = ?"


class SqliteRewardLog:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def receipt(self, request_id: str) -> Receipt | None:
        row = self._database.read_one(_RECEIPT, (request_id,))
        return None if row is None else decode_receipt(*row)

    async def append(self, batch: RewardBatch) -> Appended:
        return await self._database.write(lambda connection: _append(connection, batch))

    async def read(self, after: int, limit: int) -> Sequence[LogEntry | ErasedEntry]:
        sql = "SELECT position, content FROM reward WHERE position > ? ORDER BY position LIMIT ?"
        rows = self._database.read(sql, (after, limit))
        return [decode_entry(position, content) for position, content in rows]

    async def read_back(self, before: int | None, limit: int) -> Sequence[LogEntry | ErasedEntry]:
        sql = "SELECT position, content FROM reward WHERE position < ? ORDER BY position DESC LIMIT ?"
        rows = self._database.read(sql, (_NO_POSITION if before is None else before, limit))
        return await asyncio.to_thread(lambda: [decode_entry(position, content) for position, content in rows])

    async def erase(self, decision_ids: Collection[str]) -> int:
        erased = await self._database.write(lambda connection: _erase(connection, tuple(decision_ids)))
        await self._database.write_back()
        return erased

    async def last_position(self) -> int:
        row = self._database.read_one("SELECT max(position) FROM reward")
        return (row and row[0]) or 0


def _append(connection: sqlite3.Connection, batch: RewardBatch) -> Appended:
    row = connection.execute(_RECEIPT, (batch.request_id,)).fetchone()
    if row is not None:
        receipt = decode_receipt(*row)
        receipt.require_body(batch.request_id, batch.body_hash)
        return Appended(receipt, is_repeat=True)
    additions, receipt = settle(batch, _worth(connection, batch))
    entries = tuple(_insert(connection, addition) for addition in additions)
    connection.executemany(
        "INSERT INTO reward_key VALUES (?, ?) ON CONFLICT (reward_key) DO UPDATE SET reward = excluded.reward",
        [(each.reward.reward_key, each.reward.reward) for each in additions],
    )
    connection.execute("DELETE FROM receipt WHERE time_ms < ?", (batch.time_ms - RECEIPT_MS,))
    kept = (batch.request_id, batch.body_hash, encode_outcomes(receipt), batch.time_ms)
    connection.execute("INSERT INTO receipt VALUES (?, ?, ?, ?)", kept)
    return Appended(receipt, entries)


def _erase(connection: sqlite3.Connection, decision_ids: tuple[str, ...]) -> int:
    prefixes = tuple(f"{decision_id}/" for decision_id in decision_ids)
    places = {row[0] for prefix in prefixes for row in connection.execute(_OF_PREFIX, (prefix, _behind(prefix)))}
    old = connection.execute(_UNNAMED, (ERASED,))
    places |= {place for place, content in old if decode_addition(content).reward.reward_key.startswith(prefixes)}
    connection.executemany(
        "UPDATE reward SET content = ?, reward_key = NULL WHERE position = ?", [(ERASED, place) for place in places]
    )
    connection.executemany(
        "DELETE FROM reward_key WHERE reward_key >= ? AND reward_key < ?",
        [(prefix, _behind(prefix)) for prefix in prefixes],
    )
    return len(places)


def _behind(prefix: str) -> str:
    """The least text that is greater than every text with the prefix, which ends with a slash."""
    return prefix[:-1] + "0"


def _worth(connection: sqlite3.Connection, batch: RewardBatch) -> dict[str, float]:
    keys = list(batch.keys)
    sql = f"SELECT reward_key, reward FROM reward_key WHERE reward_key IN ({', '.join('?' * len(keys))})"  # noqa: S608 - question marks
    return dict(connection.execute(sql, keys).fetchall())


def _insert(connection: sqlite3.Connection, addition: Addition) -> LogEntry:
    cursor = connection.execute(
        "INSERT INTO reward (content, reward_key) VALUES (?, ?)",
        (encode_addition(addition), addition.reward.reward_key),
    )
    assert cursor.lastrowid is not None, "an insert has a row id"
    return addition.at(cursor.lastrowid)
