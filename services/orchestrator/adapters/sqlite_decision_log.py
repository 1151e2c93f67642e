"""Decisions in the orchestrator's SQLite database: one row each, the record as a blob."""

from __future__ import annotations

import sqlite3

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.app.decision_record import DecisionRecord
from shared.sqlite import SqliteDatabase


class SqliteDecisionLog:
    """Implements DecisionLog."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codec = BlobCodec()

    async def append(self, record: DecisionRecord) -> bool:
        row = (
            record.decision_id,
            record.request_id,
            record.profile_id,
            record.decision_time_ms,
            record.policy_version,
            self._codec.encode(record),
        )

        def change(connection: sqlite3.Connection) -> bool:
            cursor = connection.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
            return cursor.rowcount == 1

        return await self._database.write(change)

    async def get(self, decision_id: str) -> DecisionRecord | None:
        return self._find("decision_id", decision_id)

    async def get_by_request(self, request_id: str) -> DecisionRecord | None:
        return self._find("request_id", request_id)

    def _find(self, column: str, key: str) -> DecisionRecord | None:
        row = self._database.read_one(f"SELECT record FROM decisions WHERE {column} = ?", (key,))  # noqa: S608 ours
        return self._codec.decode(DecisionRecord, row[0]) if row is not None else None
