"""The event log and the consent history in SQLite. One writer at a time, so positions become visible in their order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.profile.adapters.encoding import decode_consent, decode_event
from services.profile.adapters.sqlite_profiles import as_list
from services.profile.app.requests import LoggedEvent
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from shared.sqlite import SqliteDatabase

_RECORDED = "SELECT event_id, profile_id FROM event WHERE event_id IN (SELECT value FROM json_each(?))"
_COLUMNS = "SELECT position, profile_id, body FROM event"
_HISTORY = "SELECT body FROM event WHERE profile_id = ? AND type = ? AND event_id > ? ORDER BY event_id LIMIT ?"
_TAIL = f"{_COLUMNS} WHERE position > ? ORDER BY position LIMIT ?"
_TAIL_OF_TYPE = f"{_COLUMNS} WHERE type = ? AND position > ? ORDER BY position LIMIT ?"
_LAST = "SELECT coalesce(max(position), 0) FROM event"
_STATEMENTS = """
SELECT body FROM consent WHERE profile_id = ?
ORDER BY granted_ms DESC, recorded_ms DESC, statement_id DESC LIMIT ?
"""
_STATEMENTS_BEFORE = """
SELECT body FROM consent WHERE profile_id = ? AND (granted_ms, recorded_ms, statement_id) < (?, ?, ?)
ORDER BY granted_ms DESC, recorded_ms DESC, statement_id DESC LIMIT ?
"""


class SqliteEventLog:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def recorded(self, event_ids: Collection[str]) -> Mapping[str, str]:
        return dict(self._database.read(_RECORDED, (as_list(event_ids),)))

    async def history(self, profile_id: str, event_type: str, after: str, limit: int) -> Sequence[Event]:
        rows = self._database.read(_HISTORY, (profile_id, event_type, after, limit))
        return [decode_event(body) for (body,) in rows]

    async def tail(self, after: int, types: Collection[str], limit: int) -> Sequence[LoggedEvent]:
        if not types:
            return _logged(self._database.read(_TAIL, (after, limit)))
        with self._database.snapshot():
            rows = [row for kind in set(types) for row in self._database.read(_TAIL_OF_TYPE, (kind, after, limit))]
        return _logged(sorted(rows)[:limit])

    async def last_position(self) -> int:
        ((position,),) = self._database.read(_LAST)
        return int(position)


class SqliteConsentLog:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def statements(self, profile_id: str, before: tuple[int, int, str] | None, limit: int) -> Sequence[Consent]:
        if before is None:
            rows = self._database.read(_STATEMENTS, (profile_id, limit))
        else:
            rows = self._database.read(_STATEMENTS_BEFORE, (profile_id, *before, limit))
        return [decode_consent(body) for (body,) in rows]


def _logged(rows: Sequence[tuple[Any, ...]]) -> list[LoggedEvent]:
    return [LoggedEvent(position, profile_id, decode_event(body)) for position, profile_id, body in rows]
