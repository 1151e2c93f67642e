"""The audit trail and erasures in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

from services.profile.adapters.encoding import decode_change, decode_erasure, decode_merge_event, encode
from services.profile.adapters.sqlite_profiles import as_list
from services.profile.app.ports import LoggedErasure
from services.profile.domain.changes import ChangeRecord
from services.profile.domain.erasure import Erasure
from shared.sqlite import SqliteDatabase

_CHANGES = """
SELECT body FROM change_record WHERE profile_id IN (SELECT value FROM json_each(?))
ORDER BY change_ms DESC, rpc DESC, request_id DESC LIMIT ?
"""
_CHANGES_BEFORE = """
SELECT body FROM change_record WHERE profile_id IN (SELECT value FROM json_each(?))
AND (change_ms, rpc, request_id) < (?, ?, ?) ORDER BY change_ms DESC, rpc DESC, request_id DESC LIMIT ?
"""
_ERASURES = "SELECT position, body FROM erasure WHERE position > ? ORDER BY position LIMIT ?"
_UNPURGED = "SELECT body FROM erasure WHERE is_purged = 0 ORDER BY position LIMIT ?"
_PURGE = (
    "DELETE FROM event WHERE profile_id IN (SELECT value FROM json_each(:profiles))",
    "DELETE FROM consent WHERE profile_id IN (SELECT value FROM json_each(:profiles))",
    """
    DELETE FROM merge_event WHERE profile_id IN (SELECT value FROM json_each(:profiles))
    AND other_profile_id IN (SELECT value FROM json_each(:profiles))
    """,
    """
    DELETE FROM request WHERE rpc <> 'EraseSubject' AND (rpc, request_id) IN
    (SELECT rpc, request_id FROM change_record WHERE profile_id IN (SELECT value FROM json_each(:profiles)))
    """,
    """
    DELETE FROM change_record
    WHERE rpc <> 'EraseSubject' AND profile_id IN (SELECT value FROM json_each(:profiles))
    """,
    "UPDATE erasure SET is_purged = 1 WHERE erasure_id = :erasure",
)
_SHARED_HISTORY = """
SELECT merge_event_id, body FROM merge_event WHERE profile_id IN (SELECT value FROM json_each(:profiles))
OR other_profile_id IN (SELECT value FROM json_each(:profiles))
"""
_RETELL = "UPDATE merge_event SET body = ? WHERE merge_event_id = ?"


class SqliteChangeLog:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def changes(
        self, profile_ids: Collection[str], before: tuple[int, str, str] | None, limit: int
    ) -> Sequence[ChangeRecord]:
        profiles = as_list(profile_ids)
        if before is None:
            rows = self._database.read(_CHANGES, (profiles, limit))
        else:
            rows = self._database.read(_CHANGES_BEFORE, (profiles, *before, limit))
        return [decode_change(body) for (body,) in rows]


class SqliteErasureLog:
    """The database deletes securely (shared.sqlite), so what is purged is not in the file either."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def erasures(self, after: int, limit: int) -> Sequence[LoggedErasure]:
        rows = self._database.read(_ERASURES, (after, limit))
        return [LoggedErasure(position, decode_erasure(body)) for position, body in rows]

    async def unpurged(self, limit: int) -> Sequence[Erasure]:
        return [decode_erasure(body) for (body,) in self._database.read(_UNPURGED, (limit,))]

    async def purge(self, erasure: Erasure) -> None:
        values = {"profiles": as_list(erasure.profile_ids), "erasure": erasure.erasure_id}

        def run(connection: sqlite3.Connection) -> None:
            for statement in _PURGE:
                connection.execute(statement, values)
            shared = connection.execute(_SHARED_HISTORY, values).fetchall()
            connection.executemany(
                _RETELL, [(encode(decode_merge_event(body).without_names()), event_id) for event_id, body in shared]
            )

        await self._database.write(run)
        await self._database.write_back()
