"""The lease, the head and the state of event-driven rules in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from services.rules.adapters.sqlite_trigger_schema import OF_SUBJECT
from services.rules.adapters.trigger_codec import decode_progress, encode
from services.rules.app.trigger_store import Head, Progress, Sizes, StateChange
from services.rules.domain.triggers.outcome import DueTimer
from shared.errors import Aborted, request_id_reused
from shared.sqlite import SqliteDatabase

_ACQUIRE = """
UPDATE trigger_head SET fence = fence + (holder != :holder), holder = :holder, lease_until_ms = :until
WHERE holder = :holder OR lease_until_ms <= :now RETURNING fence
"""
_RELEASE = "UPDATE trigger_head SET lease_until_ms = 0 WHERE holder = ?"
_HEAD = "SELECT fence, revision, version, activated_ms, progress FROM trigger_head"
_MOVE = """
UPDATE trigger_head SET revision = revision + 1, progress = :progress, last_firing = last_firing + :firings
WHERE fence = :fence AND revision = :revision RETURNING last_firing - :firings
"""
_ACTIVATE = """
UPDATE trigger_head SET version = :version, revision = revision + 1, activated_ms = :now,
progress = coalesce(progress, :progress)
"""
_SET_STATE = "INSERT INTO trigger_state VALUES (?, ?) ON CONFLICT (profile_id) DO UPDATE SET body = excluded.body"
_SET_TIMER = """
INSERT INTO trigger_timer VALUES (?, ?, ?)
ON CONFLICT (timer_id) DO UPDATE SET due_ms = excluded.due_ms, profile_id = excluded.profile_id
"""
_ADD_FIRING = "INSERT INTO trigger_firing VALUES (?, ?, ?, ?)"
_TAKE = "UPDATE trigger_inbox SET body = NULL WHERE event_id = ?"
_STATES = "SELECT profile_id, body FROM trigger_state WHERE profile_id IN (SELECT value FROM json_each(?))"
_PAGE = "SELECT profile_id, body FROM trigger_state WHERE profile_id > ? ORDER BY profile_id LIMIT ?"
_DUE = "SELECT due_ms, timer_id, profile_id FROM trigger_timer WHERE due_ms <= ? ORDER BY due_ms, timer_id LIMIT ?"
_WAITING = (
    "SELECT profile_id FROM trigger_waiting WHERE join_key = ? AND profile_id > ? ORDER BY join_key, profile_id LIMIT ?"
)
_MOVE_TIMERS = "UPDATE trigger_timer SET profile_id = ? WHERE profile_id = ?"
_MOVE_WAITING = "UPDATE OR REPLACE trigger_waiting SET profile_id = ? WHERE profile_id = ?"
_SIZES = """
SELECT (SELECT count(*) FROM trigger_state), (SELECT count(*) FROM trigger_waiting),
(SELECT count(*) FROM trigger_timer), (SELECT count(*) FROM trigger_timer WHERE due_ms <= ?)
"""


class SqliteTriggerStates:
    """Implements LeaseStore, TriggerStateStore and ActivationStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def acquire(self, holder: str, now_ms: int, lease_ms: int) -> int | None:
        values = {"holder": holder, "now": now_ms, "until": now_ms + lease_ms}
        row = await self._database.write(lambda connection: connection.execute(_ACQUIRE, values).fetchone())
        return None if row is None else int(row[0])

    async def release(self, holder: str) -> None:
        await self._database.write(lambda connection: connection.execute(_RELEASE, (holder,)).rowcount)

    async def head(self) -> Head:
        ((fence, revision, version, activated_ms, progress),) = self._database.read(_HEAD)
        return Head(fence, revision, version, activated_ms, decode_progress(progress) if progress else Progress())

    async def commit(self, head: Head, change: StateChange) -> Head:
        move = {
            "progress": encode(change.progress),
            "firings": len(change.firings),
            "fence": head.fence,
            "revision": head.revision,
        }

        def apply(connection: sqlite3.Connection) -> None:
            row = connection.execute(_MOVE, move).fetchone()
            if row is None:
                raise Aborted("CONCURRENT_CHANGE", "another process, or another rule set, has taken over")
            _change(connection, change)
            rows = (
                (number, firing.profile_id, change.now_ms, encode(firing))
                for number, firing in enumerate(change.firings, row[0] + 1)
            )
            connection.executemany(_ADD_FIRING, rows)

        await self._database.write(apply)
        if change.forgotten:
            await self._database.write_back()
        return Head(head.fence, head.revision + 1, head.version, head.activated_ms, change.progress)

    async def states(self, profile_ids: Sequence[str]) -> Mapping[str, bytes]:
        return dict(self._database.read(_STATES, (json.dumps(profile_ids),)))

    async def page(self, after: str, limit: int) -> Mapping[str, bytes]:
        return dict(self._database.read(_PAGE, (after, limit)))

    async def due(self, now_ms: int, limit: int) -> Sequence[DueTimer]:
        return [DueTimer(*row) for row in self._database.read(_DUE, (now_ms, limit))]

    async def waiting(self, join_key: str, after: str, limit: int) -> Sequence[str]:
        return [row[0] for row in self._database.read(_WAITING, (join_key, after, limit))]

    async def sizes(self, now_ms: int) -> Sizes:
        return Sizes(*self._database.read(_SIZES, (now_ms,))[0])

    async def active_version(self) -> str:
        return str(self._database.read("SELECT version FROM trigger_head")[0][0])

    async def activate(self, version: str, request_id: str, now_ms: int, start: str) -> None:
        values = {"version": version, "now": now_ms, "progress": encode(Progress(start))}

        def change(connection: sqlite3.Connection) -> None:
            row = connection.execute(
                "SELECT version FROM trigger_activation WHERE request_id = ?", (request_id,)
            ).fetchone()
            if row is None:
                connection.execute("INSERT INTO trigger_activation VALUES (?, ?)", (request_id, version))
                connection.execute(_ACTIVATE, values)
            elif row[0] != version:
                raise request_id_reused(request_id)

        await self._database.write(change)


def _change(connection: sqlite3.Connection, change: StateChange) -> None:
    moves = [(today, former) for former, today in change.moved.items()]
    connection.executemany(_MOVE_TIMERS, moves)
    connection.executemany(_MOVE_WAITING, moves)
    states = change.states.items()
    connection.executemany(_SET_STATE, [each for each in states if each[1]])
    connection.executemany("DELETE FROM trigger_state WHERE profile_id = ?", _ones(i for i, body in states if not body))
    connection.executemany("DELETE FROM trigger_timer WHERE timer_id = ?", _ones(change.drop_timers))
    timers = [(each.timer_id, each.due_ms, each.profile_id) for each in change.add_timers]
    connection.executemany(_SET_TIMER, timers)
    pair = "DELETE FROM trigger_waiting WHERE join_key = ? AND profile_id = ?"
    connection.executemany(pair, change.waiting_dropped)
    connection.executemany("INSERT OR IGNORE INTO trigger_waiting VALUES (?, ?)", change.waiting_added)
    connection.executemany(_TAKE, _ones(change.taken))
    for table in OF_SUBJECT:
        connection.executemany(f"DELETE FROM {table} WHERE profile_id = ?", _ones(change.forgotten))  # noqa: S608
    clear = "UPDATE trigger_inbox SET body = NULL, profile_id = '' WHERE profile_id = ?"
    connection.executemany(clear, _ones(change.forgotten))


def _ones(values: Iterable[str]) -> list[tuple[str]]:
    return [(value,) for value in values]
