"""Feature sets in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.scoring.adapters.encoding import decode_feature_set, encode_feature_set
from services.scoring.domain.feature_set import FeatureSet
from shared.errors import request_id_reused
from shared.sqlite import SqliteDatabase


class SqliteFeatureSetStore:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def put(self, request_id: str, feature_set: FeatureSet) -> None:
        version, content = feature_set.version, encode_feature_set(feature_set)

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR IGNORE INTO publication VALUES (?, ?)", (request_id, version))
            sql = "SELECT version FROM publication WHERE request_id = ?"
            if connection.execute(sql, (request_id,)).fetchone() != (version,):
                raise request_id_reused(request_id)
            sql = "INSERT OR IGNORE INTO feature_set (version, content, objective) VALUES (?, ?, ?)"
            connection.execute(sql, (version, content, feature_set.objective))

        await self._database.write(change)

    async def get(self, version: str) -> FeatureSet | None:
        row = self._database.read_one("SELECT content FROM feature_set WHERE version = ?", (version,))
        return None if row is None else decode_feature_set(row[0])

    async def objectives(self) -> Sequence[str]:
        rows = self._database.read("SELECT DISTINCT objective FROM feature_set ORDER BY objective")
        return [objective for (objective,) in rows]
