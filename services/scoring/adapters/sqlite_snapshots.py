"""Model snapshots in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shared.sqlite import SqliteDatabase

_LATEST = "SELECT position FROM snapshot WHERE model_id = ? ORDER BY position DESC LIMIT 2"


class SqliteSnapshotStore:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def save(self, model_id: str, position: int, content: bytes) -> None:
        def change(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?)", (model_id, position, content))
            kept = connection.execute(_LATEST, (model_id,)).fetchall()
            connection.execute("DELETE FROM snapshot WHERE model_id = ? AND position < ?", (model_id, min(kept)[0]))

        await self._database.write(change)

    async def latest(self, model_id: str) -> Sequence[bytes]:
        sql = "SELECT content FROM snapshot WHERE model_id = ? ORDER BY position DESC LIMIT 2"
        return [content for (content,) in self._database.read(sql, (model_id,))]
