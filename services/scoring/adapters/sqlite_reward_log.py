"""The reward log in SQLite: one writer at a time over all processes, so positions are in order of commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection, Mapping, Sequence

from services.scoring.adapters.encoding import (
    ERASED,
    decode_addition,
    decode_entry,
    decode_holder,
    decode_outline,
    decode_receipt,
    encode_addition,
    encode_outcomes,
)
from services.scoring.adapters.sqlite_tables import RECEIPT_MS
from services.scoring.domain.reward_batch import Addition, Appended, Held, Receipt, RewardBatch, settle
from services.scoring.domain.rewards import ErasedEntry, LogEntry, Outline, Worth
from shared.sqlite import SqliteDatabase

_OF_PREFIX = "SELECT position FROM reward WHERE reward_key >= ? AND reward_key < ?"
_UNNAMED = "SELECT position, content FROM reward WHERE reward_key IS NULL AND content <> ?"
_BACK = "SELECT position, content FROM reward WHERE position < ? ORDER BY position DESC LIMIT ?"
_NO_POSITION = 2**63 - 1
_KEYS_AT_ONCE = 500
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
        rows = self._database.read(_BACK, (_NO_POSITION if before is None else before, limit))
        return await asyncio.to_thread(lambda: [decode_entry(position, content) for position, content in rows])

    async def outlines_back(self, before: int | None, limit: int) -> Sequence[Outline | ErasedEntry]:
        rows = self._database.read(_BACK, (_NO_POSITION if before is None else before, limit))
        return await asyncio.to_thread(lambda: [decode_outline(position, content) for position, content in rows])

    async def rewards_of(self, keys: Collection[str]) -> Mapping[str, float]:
        wanted, found = list(keys), dict[str, float]()
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            part = wanted[start : start + _KEYS_AT_ONCE]
            marks = ", ".join("?" * len(part))
            sql = f"SELECT reward_key, reward FROM reward_key WHERE reward_key IN ({marks})"  # noqa: S608 - question marks
            found.update(self._database.read(sql, part))
            await asyncio.sleep(0)
        return found

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
    worth = _worth(connection, batch)
    additions, receipt = settle(batch, worth, _held(connection, batch, list(worth)))
    entries = tuple(_insert(connection, addition) for addition in additions)
    connection.executemany(
        "INSERT INTO reward_key (reward_key, reward, value) VALUES (?, ?, ?) "
        "ON CONFLICT (reward_key) DO UPDATE SET reward = excluded.reward, value = excluded.value",
        [(each.reward.reward_key, *each.reward.worth) for each in additions],
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


def _worth(connection: sqlite3.Connection, batch: RewardBatch) -> dict[str, Worth]:
    keys = list(batch.keys)
    sql = f"SELECT reward_key, reward, value FROM reward_key WHERE reward_key IN ({', '.join('?' * len(keys))})"  # noqa: S608 - question marks
    return {key: Worth(*worth) for key, *worth in connection.execute(sql, keys)}


def _held(connection: sqlite3.Connection, batch: RewardBatch, known: list[str]) -> Held:
    """Of keys that were rewarded before."""
    marks = ", ".join("?" * len(known))
    last = f"SELECT max(position) FROM reward WHERE reward_key IN ({marks}) GROUP BY reward_key"  # noqa: S608 - question marks
    sql = f"SELECT reward_key, content FROM reward WHERE position IN ({last})"  # noqa: S608 - the same
    holders = {key: decode_holder(content) for key, content in connection.execute(sql, known)}
    versions = list(batch.versions(holders.values()))
    marks = ", ".join("?" * len(versions))
    sql = f"SELECT version, objective FROM feature_set WHERE version IN ({marks})"  # noqa: S608 - question marks
    return Held(holders, dict(connection.execute(sql, versions).fetchall()))


def _insert(connection: sqlite3.Connection, addition: Addition) -> LogEntry:
    cursor = connection.execute(
        "INSERT INTO reward (content, reward_key) VALUES (?, ?)",
        (encode_addition(addition), addition.reward.reward_key),
    )
    assert cursor.lastrowid is not None, "an insert has a row id"
    return addition.at(cursor.lastrowid)
