"""What people are served again, in the orchestrator's SQLite database."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

import msgspec

from services.orchestrator.domain.sticky import StickyProposition
from shared.sqlite import SqliteDatabase

_GET = """
SELECT placement_id, treatment, decision_id, choice_probability, expire_ms FROM sticky_propositions
WHERE profile_id = ? AND sticky_key = ? AND expire_ms > ? ORDER BY placement_id, rank
"""
_CLEAR = "DELETE FROM sticky_propositions WHERE profile_id = ? AND sticky_key = ? AND placement_id = ?"
_PUT = "INSERT INTO sticky_propositions VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_EXPIRED = "DELETE FROM sticky_propositions WHERE expire_ms <= ?"
_FORGET = "DELETE FROM sticky_propositions WHERE profile_id IN (SELECT value FROM json_each(?))"


class SqliteStickyStore:
    """Implements StickyStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def get(self, profile_id: str, sticky_key: str, now_ms: int) -> tuple[StickyProposition, ...]:
        rows = self._database.read(_GET, (profile_id, sticky_key, now_ms))
        return tuple(StickyProposition(*row) for row in rows)

    async def put(
        self, profile_id: str, sticky_key: str, propositions: Sequence[StickyProposition], now_ms: int
    ) -> None:
        ranks: Counter[str] = Counter()
        rows = []
        for each in propositions:
            ranks[each.placement_id] += 1
            place = (profile_id, sticky_key, each.placement_id, ranks[each.placement_id])
            rows.append((*place, each.treatment, each.decision_id, each.choice_probability, each.expire_ms))

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(_EXPIRED, (now_ms,))
            connection.executemany(_CLEAR, [(profile_id, sticky_key, placement_id) for placement_id in ranks])
            connection.executemany(_PUT, rows)

        await self._database.write(change)

    async def forget(self, profile_ids: Sequence[str]) -> None:
        profiles = (msgspec.json.encode(list(profile_ids)).decode(),)
        await self._database.write(lambda connection: connection.execute(_FORGET, profiles).rowcount)
