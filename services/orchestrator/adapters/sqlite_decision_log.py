"""Decisions in the orchestrator's SQLite database: one row each, the record as a blob, and a row to find it by."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence

import msgspec

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.decision_rows import encode_results, proposed_actions, summary_of
from services.orchestrator.adapters.performance_rows import encode_compared
from services.orchestrator.adapters.record_dictionary import DICTIONARIES
from services.orchestrator.adapters.sqlite_campaign_decisions import take_person
from services.orchestrator.adapters.sqlite_pressure_store import insert_pressure_contacts
from services.orchestrator.app.campaign_decisions import person_of
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.gone_decisions import GoneBecause, GoneDecision
from shared.sqlite import SqliteDatabase

_BY_REQUESTS = "SELECT request_id, record FROM decisions WHERE request_id IN (SELECT value FROM json_each(?))"
_TAKEN = "SELECT 1 FROM decisions WHERE decision_id = ? OR request_id = ?"
_GONE = "SELECT decision_id, because, decision_time_ms, policy_version FROM gone_decisions WHERE decision_id = ?"


class SqliteDecisionLog:
    """Implements DecisionLog."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codec = BlobCodec(DICTIONARIES)

    async def append(self, record: DecisionRecord) -> bool:
        return await self._database.write(self._insertion(record))

    async def append_all(self, records: Sequence[DecisionRecord]) -> Sequence[bool]:
        insertions = [self._insertion(record) for record in records]
        return await self._database.write(lambda connection: [insert(connection) for insert in insertions])

    def _insertion(self, record: DecisionRecord) -> Callable[[sqlite3.Connection], bool]:
        """False where it must not be stored."""
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
            encode_compared(record),
        )
        person = person_of(record)
        proposed = [(action, moment, key) for action in proposed_actions(summary.results)]

        def insert(connection: sqlite3.Connection) -> bool:
            if connection.execute(_TAKEN, row[:2]).fetchone() is not None:
                return False
            if person is not None and not take_person(connection, person, key):
                return False
            connection.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?)", row)
            connection.execute("INSERT INTO decision_index VALUES (?, ?, ?, ?, ?, ?, ?, ?)", found_by)
            connection.executemany("INSERT INTO proposed_actions VALUES (?, ?, ?)", proposed)
            insert_pressure_contacts(connection, record)
            return True

        return insert

    async def get(self, decision_id: str) -> DecisionRecord | None:
        return self._find("decision_id", decision_id)

    async def get_by_request(self, request_id: str) -> DecisionRecord | None:
        return self._find("request_id", request_id)

    async def get_by_requests(self, request_ids: Sequence[str]) -> Mapping[str, DecisionRecord]:
        rows = self._database.read(_BY_REQUESTS, (msgspec.json.encode(list(request_ids)).decode(),))
        return {request_id: self._codec.decode(DecisionRecord, blob) for request_id, blob in rows}

    async def gone(self, decision_id: str) -> GoneDecision | None:
        row = self._database.read_one(_GONE, (decision_id,))
        return None if row is None else GoneDecision(row[0], GoneBecause(row[1]), row[2], row[3])

    def _find(self, column: str, key: str) -> DecisionRecord | None:
        row = self._database.read_one(f"SELECT record FROM decisions WHERE {column} = ?", (key,))  # noqa: S608 ours
        return self._codec.decode(DecisionRecord, row[0]) if row is not None else None
