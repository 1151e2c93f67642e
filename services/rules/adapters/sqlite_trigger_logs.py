"""What fired, and events on their way in, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from services.rules.adapters.trigger_codec import decode_firing, decode_received, encode
from services.rules.app.trigger_ports import LoggedHappening
from services.rules.domain.triggers.outcome import Firing, Happening
from shared.sqlite import SqliteDatabase

_FIRINGS = "SELECT body, number FROM trigger_firing WHERE number > ? ORDER BY number LIMIT ?"
_DELIVERED = "UPDATE trigger_head SET delivered = max(delivered, ?)"
_TRIM = "DELETE FROM trigger_firing WHERE committed_ms < ? AND number <= (SELECT delivered FROM trigger_head)"
_TRIM_INBOX = "DELETE FROM trigger_inbox WHERE received_ms < ? AND body IS NULL"
_PUT = "INSERT OR IGNORE INTO trigger_inbox (event_id, profile_id, received_ms, body) VALUES (?, ?, ?, ?)"
_PENDING = "SELECT body, received_ms FROM trigger_inbox WHERE body IS NOT NULL ORDER BY number LIMIT ?"
_UNTAKEN = """
SELECT 1 FROM trigger_inbox WHERE event_id IN (SELECT value FROM json_each(?)) AND body IS NOT NULL LIMIT 1
"""


class SqliteFiringLog:
    """Implements FiringLog."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def firings(self, after: int, limit: int) -> Sequence[Firing]:
        return [decode_firing(*row) for row in self._database.read(_FIRINGS, (after, limit))]

    async def last_firing(self) -> int:
        return int(self._database.read("SELECT last_firing FROM trigger_head")[0][0])

    async def delivered(self) -> int:
        return int(self._database.read("SELECT delivered FROM trigger_head")[0][0])

    async def set_delivered(self, number: int) -> None:
        await self._database.write(lambda connection: connection.execute(_DELIVERED, (number,)).rowcount)

    async def trim(self, before_ms: int) -> None:
        def change(connection: sqlite3.Connection) -> None:
            for statement in (_TRIM, _TRIM_INBOX):
                connection.execute(statement, (before_ms,))

        await self._database.write(change)


class SqliteInbox:
    """Implements Inbox."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def put(self, happenings: Sequence[Happening], now_ms: int) -> None:
        rows = [(each.event_id, each.profile_id, now_ms, encode(each)) for each in happenings]
        await self._database.write(lambda connection: connection.executemany(_PUT, rows).rowcount)

    async def pending(self, limit: int) -> Sequence[LoggedHappening]:
        return [decode_received(*row) for row in self._database.read(_PENDING, (limit,))]

    async def is_taken(self, event_ids: Sequence[str]) -> bool:
        return self._database.read_one(_UNTAKEN, (json.dumps(event_ids),)) is None
