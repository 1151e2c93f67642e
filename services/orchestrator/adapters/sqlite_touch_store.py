"""Touches in the orchestrator's SQLite database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from services.orchestrator.adapters.sqlite_receipts import earlier_receipt, insert_receipt, read_receipt
from services.orchestrator.app.conversion_store import TouchBatch, TouchDraft, Verdict, judged_touches
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.domain.touch import Touch
from shared.sqlite import SqliteDatabase

_INSERT = "INSERT INTO touches VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_KNOWN = "SELECT touch_id, body_hash, profile_id FROM touches WHERE touch_id IN (SELECT value FROM json_each(?))"
_BETWEEN = (
    "SELECT * FROM touches WHERE profile_id IN (SELECT value FROM json_each(?)) "
    "AND occurred_time_ms BETWEEN ? AND ? ORDER BY occurred_time_ms, touch_id"
)
_COSTS = (
    "SELECT platform, campaign_ref, count(*), sum(cost) FROM touches WHERE occurred_time_ms >= ? "
    "AND occurred_time_ms < ? GROUP BY platform, campaign_ref"
)
_OF_PROFILES = (
    "SELECT * FROM touches WHERE profile_id IN (SELECT value FROM json_each(?)) AND touch_id > ? "
    "ORDER BY touch_id LIMIT ?"
)


class SqliteTouchStore:
    """Implements TouchStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def append(self, batch: TouchBatch) -> Receipt:
        def change(connection: sqlite3.Connection) -> Receipt:
            earlier = earlier_receipt(connection, batch.rpc, batch.request_id, batch.body_hash)
            if earlier is not None:
                return earlier
            verdicts, fresh = _judged(connection, batch.drafts)
            connection.executemany(_INSERT, [_row(draft) for draft in fresh])
            receipt = Receipt(batch.rpc, batch.request_id, batch.body_hash, batch.response_of(verdicts))
            insert_receipt(connection, receipt)
            return receipt

        return await self._database.write(change)

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None:
        return read_receipt(self._database, rpc, request_id)

    async def between(self, profile_ids: Sequence[str], from_ms: int, to_ms: int) -> tuple[Touch, ...]:
        return self._touches(_BETWEEN, (json.dumps(list(profile_ids)), from_ms, to_ms))

    async def costs(self, from_ms: int, to_ms: int) -> Mapping[tuple[str, str], tuple[int, int]]:
        rows = self._database.read(_COSTS, (from_ms, to_ms))
        return {(platform, campaign): (count, cost) for platform, campaign, count, cost in rows}

    async def of_profiles(self, profile_ids: Sequence[str], after: str, limit: int) -> tuple[Touch, ...]:
        return self._touches(_OF_PROFILES, (json.dumps(list(profile_ids)), after, limit))

    def _touches(self, sql: str, parameters: Sequence[object]) -> tuple[Touch, ...]:
        return tuple(Touch(*row[:-1]) for row in self._database.read(sql, parameters))


def _judged(
    connection: sqlite3.Connection, drafts: Sequence[TouchDraft]
) -> tuple[Sequence[Verdict], Sequence[TouchDraft]]:
    ids = json.dumps([draft.touch.touch_id for draft in drafts])
    known = {key: (body_hash, profile_id) for key, body_hash, profile_id in connection.execute(_KNOWN, (ids,))}
    return judged_touches(drafts, known)


def _row(draft: TouchDraft) -> tuple[object, ...]:
    each = draft.touch
    return (
        each.touch_id,
        each.profile_id,
        each.platform,
        each.campaign_ref,
        each.occurred_time_ms,
        each.record_time_ms,
        each.cost,
        draft.body_hash,
    )
