"""Reports of performance on the orchestrator's SQLite database: the rows by which decisions are found, in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.performance_rows import in_pages, performance_row
from services.orchestrator.adapters.record_dictionary import DICTIONARIES
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.outcome_store import CapturedOutcome
from services.orchestrator.app.performance_store import Cursor, PerformanceRow
from shared.sqlite import SqliteDatabase
from shared.values import Feature

_ROWS = (
    "SELECT decision_id, profile_id, decision_time_ms, policy_version, compared FROM decision_index "
    "WHERE (decision_time_ms, decision_id) > (?, ?) AND decision_time_ms < ? "
    "ORDER BY decision_time_ms, decision_id LIMIT ?"
)
_OUTCOMES = "SELECT outcome FROM outcomes WHERE decision_id IN (SELECT value FROM json_each(?))"
_RECORDS = "SELECT decision_id, record FROM decisions WHERE decision_id IN (SELECT value FROM json_each(?))"


class SqlitePerformanceStore:
    """Implements PerformanceStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codec = BlobCodec(DICTIONARIES)

    async def rows(self, from_ms: int, to_ms: int, after: Cursor | None, limit: int) -> Sequence[PerformanceRow]:
        time_ms, decision_id = after or (from_ms, "")
        return [performance_row(*row) for row in self._database.read(_ROWS, (time_ms, decision_id, to_ms, limit))]

    async def outcomes(self, decision_ids: Sequence[str]) -> Sequence[CapturedOutcome]:
        rows = self._database.read(_OUTCOMES, (json.dumps(list(decision_ids)),))
        return [self._codec.decode(CapturedOutcome, blob) for (blob,) in rows]

    async def features(self, decision_ids: Sequence[str], name: str) -> Mapping[str, Feature]:
        found: dict[str, Feature] = {}
        for page in in_pages(decision_ids):
            for key, blob in self._database.read(_RECORDS, (json.dumps(list(page)),)):
                feature = self._codec.decode(DecisionRecord, blob).features.get(name)
                if feature is not None:
                    found[key] = feature
            await asyncio.sleep(0)  # others have their turn
        return found
