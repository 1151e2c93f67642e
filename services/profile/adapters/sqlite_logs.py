"""The event log, the consent history and the history of merges in SQLite.

One writer at a time, so positions become visible in their order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from services.profile.adapters.encoding import decode_consent, decode_event, decode_merge_event
from services.profile.adapters.sqlite_profiles import as_list, recorded
from services.profile.app.ports import LogEntry
from services.profile.app.requests import LoggedEvent
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.merge_events import MergeEvent
from shared.sqlite import SqliteDatabase

DATED_AT_ONCE = 1_000

_COLUMNS = "SELECT position, profile_id, body FROM event"
_HISTORY = "SELECT body FROM event WHERE profile_id = ? AND type = ? AND event_id > ? ORDER BY event_id LIMIT ?"
_OF_PART = """
SELECT body FROM event WHERE profile_id = ? AND (type, event_id) > (?, ?) ORDER BY type, event_id LIMIT ?
"""
_TAIL = f"{_COLUMNS} WHERE position > ? ORDER BY position LIMIT ?"
_TAIL_OF_TYPE = f"{_COLUMNS} WHERE type = ? AND position > ? ORDER BY position LIMIT ?"
_LAST = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'"
"""The last one ever given: the event may have been deleted since."""
_BEFORE = "SELECT profile_id, body FROM event WHERE type = ? AND event_ms < ? ORDER BY event_ms LIMIT ?"
_UNDATED = "SELECT event_id, body FROM event WHERE type = ? AND event_ms IS NULL LIMIT ?"
_DATE = "UPDATE event SET event_ms = ? WHERE event_id = ?"
_STATEMENTS = """
SELECT body FROM consent WHERE profile_id IN (SELECT value FROM json_each(?))
ORDER BY granted_ms DESC, recorded_ms DESC, statement_id DESC LIMIT ?
"""
_STATEMENTS_BEFORE = """
SELECT body FROM consent WHERE profile_id IN (SELECT value FROM json_each(?))
AND (granted_ms, recorded_ms, statement_id) < (?, ?, ?)
ORDER BY granted_ms DESC, recorded_ms DESC, statement_id DESC LIMIT ?
"""
_MERGE = "SELECT body FROM merge_event WHERE merge_id = ? ORDER BY kind"
_OF_PARTS = """
SELECT body FROM merge_event WHERE (profile_id IN (SELECT value FROM json_each(?))
OR other_profile_id IN (SELECT value FROM json_each(?)))
"""
_MERGE_EVENTS = f"{_OF_PARTS} ORDER BY event_ms DESC, merge_event_id DESC LIMIT ?"
_MERGE_EVENTS_BEFORE = (
    f"{_OF_PARTS} AND (event_ms, merge_event_id) < (?, ?) ORDER BY event_ms DESC, merge_event_id DESC LIMIT ?"
)


class SqliteEventLog:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def recorded(self, event_ids: Collection[str]) -> Mapping[str, str]:
        return recorded(self._database, event_ids)

    async def history(self, part_id: str, event_type: str, after: str, limit: int) -> Sequence[Event]:
        rows = self._database.read(_HISTORY, (part_id, event_type, after, limit))
        return [decode_event(body) for (body,) in rows]

    async def of_part(self, part_id: str, after: tuple[str, str], limit: int) -> Sequence[Event]:
        return [decode_event(body) for (body,) in self._database.read(_OF_PART, (part_id, *after, limit))]

    async def tail(self, after: int, types: Collection[str], limit: int) -> Sequence[LoggedEvent]:
        if not types:
            return _logged(self._database.read(_TAIL, (after, limit)))
        with self._database.snapshot():
            rows = [row for kind in set(types) for row in self._database.read(_TAIL_OF_TYPE, (kind, after, limit))]
        return _logged(sorted(rows)[:limit])

    async def last_position(self) -> int:
        ((position,),) = self._database.read(_LAST)
        return int(position)

    async def happened_before(self, before_ms: int, event_type: str, limit: int) -> Sequence[LogEntry]:
        await self._date_those_of_0_1(event_type)
        rows = self._database.read(_BEFORE, (event_type, before_ms, limit))
        return [LogEntry(part_id, decode_event(body)) for part_id, body in rows]

    async def _date_those_of_0_1(self, event_type: str) -> None:
        """Events that release wrote have their time in the record only."""
        while undated := self._database.read(_UNDATED, (event_type, DATED_AT_ONCE)):
            dates = [(decode_event(body).event_ms, event_id) for event_id, body in undated]
            await self._database.write(partial(_date, dates=dates))


class SqliteConsentLog:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def statements(
        self, part_ids: Collection[str], before: tuple[int, int, str] | None, limit: int
    ) -> Sequence[Consent]:
        if before is None:
            rows = self._database.read(_STATEMENTS, (as_list(part_ids), limit))
        else:
            rows = self._database.read(_STATEMENTS_BEFORE, (as_list(part_ids), *before, limit))
        return [decode_consent(body) for (body,) in rows]


class SqliteMergeLog:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def merge(self, merge_id: str) -> Sequence[MergeEvent]:
        return [decode_merge_event(body) for (body,) in self._database.read(_MERGE, (merge_id,))]

    async def merge_events(
        self, part_ids: Collection[str], before: tuple[int, str] | None, limit: int
    ) -> Sequence[MergeEvent]:
        parts = as_list(part_ids)
        if before is None:
            rows = self._database.read(_MERGE_EVENTS, (parts, parts, limit))
        else:
            rows = self._database.read(_MERGE_EVENTS_BEFORE, (parts, parts, *before, limit))
        return [decode_merge_event(body) for (body,) in rows]


def _date(connection: sqlite3.Connection, dates: Sequence[tuple[int, str]]) -> None:
    connection.executemany(_DATE, dates)


def _logged(rows: Sequence[tuple[Any, ...]]) -> list[LoggedEvent]:
    events = ((position, part_id, decode_event(body)) for position, part_id, body in rows)
    return [LoggedEvent(position, event.profile_id or part_id, event) for position, part_id, event in events]
