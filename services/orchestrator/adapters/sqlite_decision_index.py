"""Finding decisions in the orchestrator's SQLite database: rows beside the records, in the order of time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from services.orchestrator.adapters.decision_rows import decode_results, page_of
from services.orchestrator.adapters.sqlite_decision_removal import remove_decisions
from services.orchestrator.app.decision_index import Cursor, DecisionPage, DecisionQuery, DecisionSummary
from services.orchestrator.app.gone_decisions import GoneBecause
from services.orchestrator.domain.decision_results import DecisionResult
from shared.sqlite import SqliteDatabase
from shared.values import INT64_MAX

_COLUMNS = (
    "decision_index.decision_id, decision_index.profile_id, decision_time_ms, decision_index.policy_version, "
    "model_version, results"
)
_LIST = "WHERE decision_time_ms >= ? AND (decision_time_ms, decision_index.decision_id) < (?, ?)"
_ORDER = "ORDER BY decision_time_ms DESC, decision_index.decision_id DESC LIMIT ?"
_BY_TIME = f"SELECT {_COLUMNS} FROM decision_index {_LIST} {_ORDER}"  # noqa: S608 ours, as below
_BY_PROFILE = (
    f"SELECT {_COLUMNS} FROM decision_index {_LIST} "  # noqa: S608
    f"AND profile_id IN (SELECT value FROM json_each(?)) {_ORDER}"
)
_BY_ACTION = f"""
SELECT {_COLUMNS} FROM proposed_actions JOIN decision_index USING (decision_time_ms, decision_id)
WHERE proposed_actions.action = ?4 AND decision_time_ms >= ?1
AND (decision_time_ms, proposed_actions.decision_id) < (?2, ?3)
ORDER BY decision_time_ms DESC, proposed_actions.decision_id DESC LIMIT ?5
"""  # noqa: S608
_BY_ID = f"""
SELECT {_COLUMNS} FROM decisions JOIN decision_index USING (decision_time_ms, decision_id)
WHERE decisions.decision_id >= ? AND decisions.decision_id < ? ORDER BY decisions.decision_id LIMIT ?
"""  # noqa: S608
_OLDEST = """
SELECT decision_id FROM decision_index WHERE record_time_ms < ? ORDER BY record_time_ms LIMIT ?
"""
_FORGET = """
DELETE FROM gone_decisions WHERE decision_id IN
(SELECT decision_id FROM gone_decisions WHERE record_time_ms < ? LIMIT ?)
"""
_NO_ID = ""
_BEHIND_ALL_IDS = "\U0010ffff"


class SqliteDecisionIndex:
    """Implements DecisionIndex."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def find(self, query: DecisionQuery, limit: int, after: Cursor | None = None) -> DecisionPage:
        sql, by = _source(query)
        start = after or (INT64_MAX if query.end_ms is None else query.end_ms, _NO_ID)

        async def read(behind: Cursor | None, count: int) -> Sequence[DecisionSummary]:
            return self._read(sql, (query.start_ms, *(behind or start), *by, count))

        return await page_of(read, query, limit, after)

    async def sample(self, start_id: str, limit: int) -> Sequence[DecisionSummary]:
        found = self._read(_BY_ID, (start_id, _BEHIND_ALL_IDS, limit))
        return [*found, *self._read(_BY_ID, (_NO_ID, start_id, limit - len(found)))]

    async def prune(self, before_ms: int, limit: int) -> int:
        ids = [row[0] for row in self._database.read(_OLDEST, (before_ms, limit))]

        def change(connection: sqlite3.Connection) -> None:
            remove_decisions(connection, ids, GoneBecause.PRUNED)

        if ids:
            await self._database.write(change)
        return len(ids)

    async def forget_gone(self, before_ms: int, limit: int) -> int:
        return await self._database.write(lambda connection: connection.execute(_FORGET, (before_ms, limit)).rowcount)

    def _read(self, sql: str, parameters: Sequence[object]) -> list[DecisionSummary]:
        return [_summary(*row) for row in self._database.read(sql, parameters)]


def _source(query: DecisionQuery) -> tuple[str, tuple[object, ...]]:
    """The index that tells most apart, and what it is asked by."""
    if query.profile_ids is not None:
        return _BY_PROFILE, (msgspec.json.encode(query.profile_ids).decode(),)
    if query.action and query.result in (None, DecisionResult.PROPOSED):
        return _BY_ACTION, (query.action,)
    return _BY_TIME, ()


def _summary(decision_id: str, profile_id: str, time_ms: int, policy: str, model: str, results: Any) -> DecisionSummary:
    return DecisionSummary(decision_id, profile_id, time_ms, policy, model, decode_results(results))
