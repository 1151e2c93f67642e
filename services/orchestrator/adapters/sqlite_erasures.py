"""Erasures and what they erase, in the orchestrator's SQLite database, which deletes securely."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from services.orchestrator.adapters.sqlite_decision_removal import (
    remove_contacts,
    remove_decisions,
    remove_rewards,
)
from services.orchestrator.app.erasures import DueErasure, ErasureNotice
from services.orchestrator.app.gone_decisions import GoneBecause
from shared.sqlite import SqliteDatabase

_POSITION = "SELECT position FROM erasure_feed"
_TAKEN = "INSERT INTO erasure_feed VALUES (1, ?) ON CONFLICT (singleton) DO UPDATE SET position = excluded.position"
_TAKE = "INSERT INTO erasures VALUES (?, ?, NULL, ?) ON CONFLICT (erasure_id) DO NOTHING"
_DUE = "SELECT erasure_id, profile_ids, decision_ids FROM erasures WHERE due_ms <= ? ORDER BY due_ms LIMIT ?"
_AGAIN = "UPDATE erasures SET decision_ids = ?, due_ms = ? WHERE erasure_id = ?"
_DECISIONS = """
SELECT decision_id FROM decision_index WHERE profile_id IN (SELECT value FROM json_each(?1)) AND decision_id > ?2
UNION
SELECT decision_id FROM contact_history WHERE profile_id IN (SELECT value FROM json_each(?1)) AND decision_id > ?2
ORDER BY decision_id LIMIT ?3
"""
_ERASE_TOLD = tuple(
    f"DELETE FROM {table} WHERE profile_id IN (SELECT value FROM json_each(?))"  # noqa: S608  ours
    for table in ("contact_history", "conversions", "touches")
)


class SqliteErasureStore:
    """Implements ErasureStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def position(self) -> str:
        row = self._database.read_one(_POSITION)
        return "" if row is None else str(row[0])

    async def take(self, notices: Sequence[ErasureNotice], due_ms: int) -> None:
        rows = [(each.erasure_id, _json(each.profile_ids), due_ms) for each in notices]

        def change(connection: sqlite3.Connection) -> None:
            connection.executemany(_TAKE, rows)
            connection.execute(_TAKEN, (notices[-1].position,))

        await self._database.write(change)

    async def due(self, now_ms: int, limit: int) -> Sequence[DueErasure]:
        rows = self._database.read(_DUE, (now_ms, limit))
        return [
            DueErasure(erasure_id, _texts(profiles), None if decisions is None else _texts(decisions))
            for erasure_id, profiles, decisions in rows
        ]

    async def reschedule(self, erasure_id: str, decision_ids: Sequence[str], due_ms: int) -> None:
        values = (_json(decision_ids), due_ms, erasure_id)
        await self._database.write(lambda connection: connection.execute(_AGAIN, values).rowcount)

    async def finish(self, erasure_id: str) -> None:
        sql = "DELETE FROM erasures WHERE erasure_id = ?"
        await self._database.write(lambda connection: connection.execute(sql, (erasure_id,)).rowcount)

    async def decisions_of(self, profile_ids: Sequence[str], limit: int, after: str = "") -> Sequence[str]:
        return [row[0] for row in self._database.read(_DECISIONS, (_json(profile_ids), after, limit))]

    async def hold_rewards(self, decision_ids: Sequence[str]) -> None:
        def change(connection: sqlite3.Connection) -> None:
            remove_rewards(connection, decision_ids)

        await self._database.write(change)

    async def erase_told(self, profile_ids: Sequence[str]) -> None:
        profiles = (_json(profile_ids),)

        def change(connection: sqlite3.Connection) -> None:
            for statement in _ERASE_TOLD:
                connection.execute(statement, profiles)

        await self._database.write(change)
        await self._database.write_back()

    async def erase(self, decision_ids: Sequence[str]) -> None:
        def change(connection: sqlite3.Connection) -> None:
            remove_contacts(connection, decision_ids)
            remove_decisions(connection, decision_ids, GoneBecause.ERASED)

        await self._database.write(change)
        await self._database.write_back()


def _texts(stored: str) -> tuple[str, ...]:
    return msgspec.json.decode(stored, type=tuple[str, ...])


def _json(texts: Iterable[str]) -> str:
    return msgspec.json.encode(list(texts)).decode()
