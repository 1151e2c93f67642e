"""Decisions in the orchestrator's SQLite database: one row each, the record as a blob, and a row to find it by."""

from __future__ import annotations

import sqlite3

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.decision_rows import encode_results, proposed_actions, summary_of
from services.orchestrator.adapters.record_dictionary import DICTIONARIES
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.gone_decisions import GoneBecause, GoneDecision
from shared.sqlite import SqliteDatabase

_GONE = "SELECT decision_id, because, decision_time_ms, policy_version FROM gone_decisions WHERE decision_id = ?"


class SqliteDecisionLog:
    """Implements DecisionLog."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codec = BlobCodec(DICTIONARIES)

    async def append(self, record: DecisionRecord) -> bool:
        key, moment = record.decision_id, record.decision_time_ms
        blob = self._codec.encode(record)
        row = (key, record.request_id, record.profile_id, moment, record.policy_version, blob)
        summary = summary_of(record)
        found_by = (
            moment,
            key,
            record.record_time_ms,
            record.profile_id,
            record.policy_version,
            summary.model_version,
            encode_results(summary.results),
        )
        proposed = [(action, moment, key) for action in proposed_actions(summary.results)]

        def change(connection: sqlite3.Connection) -> bool:
            cursor = connection.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
            if cursor.rowcount != 1:
                return False
            connection.execute("INSERT INTO decision_index VALUES (?, ?, ?, ?, ?, ?, ?)", found_by)
            connection.executemany("INSERT INTO proposed_actions VALUES (?, ?, ?)", proposed)
            return True

        return await self._database.write(change)

    async def get(self, decision_id: str) -> DecisionRecord | None:
        return self._find("decision_id", decision_id)

    async def get_by_request(self, request_id: str) -> DecisionRecord | None:
        return self._find("request_id", request_id)

    async def gone(self, decision_id: str) -> GoneDecision | None:
        row = self._database.read_one(_GONE, (decision_id,))
        return None if row is None else GoneDecision(row[0], GoneBecause(row[1]), row[2], row[3])

    def _find(self, column: str, key: str) -> DecisionRecord | None:
        row = self._database.read_one(f"SELECT record FROM decisions WHERE {column} = ?", (key,))  # noqa: S608 ours
        return self._codec.decode(DecisionRecord, row[0]) if row is not None else None
