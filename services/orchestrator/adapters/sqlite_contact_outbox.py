"""The contact outbox in the orchestrator's SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.orchestrator.app.contact_outbox import ContactReport
from shared.sqlite import SqliteDatabase

_INSERT = (
    "INSERT INTO contact_outbox (key, reservation_id, step, time_ms, answer) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (key) DO NOTHING"
)
_WAITING = "SELECT reservation_id, step, time_ms, answer FROM contact_outbox ORDER BY position LIMIT ?"
_COUNT = "SELECT count(*) FROM contact_outbox"
_DONE = "DELETE FROM contact_outbox WHERE key = ?"


class SqliteContactOutbox:
    """Implements ContactOutbox."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def queue(self, reports: Sequence[ContactReport]) -> None:
        await self._database.write(lambda connection: insert_reports(connection, reports))

    async def waiting(self, limit: int) -> tuple[ContactReport, ...]:
        return tuple(ContactReport(*row) for row in self._database.read(_WAITING, (limit,)))

    async def count_waiting(self) -> int:
        row = self._database.read_one(_COUNT)
        return int(row[0]) if row is not None else 0

    async def done(self, reports: Sequence[ContactReport]) -> None:
        keys = [(report.key,) for report in reports]
        await self._database.write(lambda connection: connection.executemany(_DONE, keys).rowcount)


def insert_reports(connection: sqlite3.Connection, reports: Sequence[ContactReport]) -> None:
    """Within the caller's transaction."""
    rows = [(each.key, each.reservation_id, each.step, each.time_ms, each.answer) for each in reports]
    connection.executemany(_INSERT, rows)
