"""The model registry in SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence

from services.scoring.adapters.registry_encoding import checked, decode_assignment, decode_model, digest, encode
from services.scoring.adapters.sqlite_tables import RECEIPT_MS
from services.scoring.domain.models import Assignment, AssignmentReceipt, ModelRecord
from shared.errors import request_id_reused
from shared.sqlite import SqliteDatabase

_LATEST = "SELECT content FROM assignment WHERE objective = ? ORDER BY revision DESC LIMIT ?"
_RECEIPT = "SELECT body_hash, assignment FROM assignment_receipt WHERE request_id = ?"


class SqliteModelStore:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def put(self, record: ModelRecord, content: bytes) -> None:
        row = (record.model_id, record.objective, record.train_time_ms, encode(record), digest(content))

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR IGNORE INTO model_content VALUES (?, ?)", (record.model_id, content))
            connection.execute("INSERT OR IGNORE INTO model VALUES (?, ?, ?, ?, ?)", row)

        await self._database.write(change)

    async def get(self, model_id: str) -> ModelRecord | None:
        row = self._database.read_one("SELECT record FROM model WHERE model_id = ?", (model_id,))
        return None if row is None else decode_model(row[0])

    async def content(self, model_id: str) -> bytes | None:
        sql = "SELECT content, digest FROM model JOIN model_content USING (model_id) WHERE model_id = ?"
        row = self._database.read_one(sql, (model_id,))
        return None if row is None else await asyncio.to_thread(checked, model_id, *row)

    async def list(self, objective: str, limit: int) -> Sequence[ModelRecord]:
        sql = "SELECT record FROM model WHERE objective = ? ORDER BY train_time_ms DESC, model_id LIMIT ?"
        return [decode_model(record) for (record,) in self._database.read(sql, (objective, limit))]

    async def assignment(self, objective: str) -> Assignment:
        row = self._database.read_one(_LATEST, (objective, 1))
        return Assignment(objective) if row is None else decode_assignment(row[0])

    async def assigned(self, request_id: str) -> AssignmentReceipt | None:
        return _receipt(self._database.read_one(_RECEIPT, (request_id,)))

    async def assign(self, request_id: str, body_hash: str, assignment: Assignment) -> Assignment | None:
        return await self._database.write(lambda connection: _assign(connection, request_id, body_hash, assignment))

    async def assignments(self, objective: str, limit: int) -> Sequence[Assignment]:
        return [decode_assignment(content) for (content,) in self._database.read(_LATEST, (objective, limit))]

    async def objectives(self) -> Sequence[str]:
        rows = self._database.read("SELECT DISTINCT objective FROM assignment ORDER BY objective")
        return [objective for (objective,) in rows]


def _assign(
    connection: sqlite3.Connection, request_id: str, body_hash: str, assignment: Assignment
) -> Assignment | None:
    receipt = _receipt(connection.execute(_RECEIPT, (request_id,)).fetchone())
    if receipt is not None:
        if receipt.body_hash != body_hash:
            raise request_id_reused(request_id)
        return receipt.assignment
    sql = "SELECT max(revision) FROM assignment WHERE objective = ?"
    (latest,) = connection.execute(sql, (assignment.objective,)).fetchone()
    if assignment.revision != (latest or 0) + 1:
        return None
    content, time_ms = encode(assignment), assignment.change_time_ms
    connection.execute("INSERT INTO assignment VALUES (?, ?, ?)", (assignment.objective, assignment.revision, content))
    connection.execute("DELETE FROM assignment_receipt WHERE time_ms < ?", (time_ms - RECEIPT_MS,))
    connection.execute("INSERT INTO assignment_receipt VALUES (?, ?, ?, ?)", (request_id, body_hash, content, time_ms))
    return assignment


def _receipt(row: tuple[str, bytes] | None) -> AssignmentReceipt | None:
    return None if row is None else AssignmentReceipt(row[0], decode_assignment(row[1]))
