"""Accounts of resources in the orchestrator's SQLite database: a blob each, swapped by its revision."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.app.volume.bank import Settlement
from services.orchestrator.domain.volume.account import Account, AccountKey
from shared.sqlite import SqliteDatabase

_READ = "SELECT account FROM resource_accounts WHERE resource_id = ? AND period_ms = ?"
_LATEST = "SELECT account FROM resource_accounts WHERE resource_id = ? ORDER BY period_ms DESC LIMIT 1"
_CREATE = "INSERT INTO resource_accounts VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING"
_SWAP = """
UPDATE resource_accounts SET revision = revision + 1, account = ?
WHERE resource_id = ? AND period_ms = ? AND revision = ?
"""
_SETTLED = "UPDATE volume_settlements SET is_waiting = 0 WHERE key = ? AND is_realised = ? AND is_waiting = 1"
_WAITING = """
SELECT proposition_id, resource_id, period_ms, used, is_realised, takes_back FROM volume_settlements
WHERE is_waiting = 1 ORDER BY rowid LIMIT ?
"""
_COUNT = "SELECT count(*) FROM volume_settlements WHERE is_waiting = 1"
_INSERT = """
INSERT INTO volume_settlements VALUES (?, ?, ?, ?, ?, ?, 1, 0) ON CONFLICT (key) DO
UPDATE SET is_realised = 1, is_waiting = 1, takes_back = NOT is_waiting WHERE excluded.is_realised AND NOT is_realised
"""


class SqliteResourceBank:
    """Implements ResourceBank."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codec = BlobCodec()

    async def read(self, keys: Sequence[AccountKey]) -> Mapping[AccountKey, Account]:
        rows = ((key, self._database.read_one(_READ, (key.resource_id, key.period_ms))) for key in keys)
        return {key: self._codec.decode(Account, row[0]) for key, row in rows if row is not None}

    async def latest(self, resource_id: str) -> Account | None:
        row = self._database.read_one(_LATEST, (resource_id,))
        return self._codec.decode(Account, row[0]) if row is not None else None

    async def put(self, account: Account, settled: Sequence[Settlement] = ()) -> bool:
        blob = self._codec.encode(replace(account, revision=account.revision + 1))
        key, keys = account.key, [(each.key, int(each.is_realised)) for each in settled]

        def change(connection: sqlite3.Connection) -> bool:
            if account.revision:
                row = (blob, key.resource_id, key.period_ms, account.revision)
                stored = connection.execute(_SWAP, row).rowcount
            else:
                stored = connection.execute(_CREATE, (key.resource_id, key.period_ms, blob)).rowcount
            if stored and keys and connection.executemany(_SETTLED, keys).rowcount != len(keys):
                raise _SettledBefore
            return stored == 1

        try:
            return await self._database.write(change)
        except _SettledBefore:
            return False

    async def waiting(self, limit: int) -> tuple[Settlement, ...]:
        rows = self._database.read(_WAITING, (limit,))
        return tuple(
            Settlement(name, resource, period, used, bool(is_realised), bool(takes_back))
            for name, resource, period, used, is_realised, takes_back in rows
        )

    async def count_waiting(self) -> int:
        row = self._database.read_one(_COUNT)
        return int(row[0]) if row is not None else 0


class _SettledBefore(Exception):
    """Takes the change back."""


def insert_settlements(connection: sqlite3.Connection, settlements: Sequence[Settlement]) -> None:
    """Within the caller's transaction. What was given back is realised once more; any other first word stays."""
    rows = [
        (each.key, each.proposition_id, each.resource_id, each.period_ms, each.used, int(each.is_realised))
        for each in settlements
    ]
    connection.executemany(_INSERT, rows)
