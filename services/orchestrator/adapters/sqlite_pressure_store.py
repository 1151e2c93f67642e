"""What pressure is learnt from, in the orchestrator's SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.pressure.learning import due_ms
from services.orchestrator.app.pressure.store import Sums, TallyKey
from shared.sqlite import SqliteDatabase

_WAIT = "INSERT INTO pressure_contacts VALUES (?, ?, ?)"
_DUE = "SELECT decision_id FROM pressure_contacts WHERE due_ms <= ? ORDER BY due_ms, decision_id LIMIT ?"
_FOLDED = "DELETE FROM pressure_contacts WHERE decision_id IN (SELECT value FROM json_each(?))"
_TALLY = "SELECT sums FROM pressure_tallies WHERE learning = ? AND bucket = ?"
_PUT = "INSERT INTO pressure_tallies VALUES (?, ?, ?) ON CONFLICT (learning, bucket) DO UPDATE SET sums = excluded.sums"
_TALLIES = "SELECT bucket, sums FROM pressure_tallies WHERE learning = ?"
_COUNT = "SELECT count(*) FROM pressure_contacts"
_COUNT_OF = "SELECT count(*) FROM pressure_contacts WHERE learning = ?"


class SqlitePressureStore:
    """Implements PressureStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def due(self, now_ms: int, limit: int) -> tuple[str, ...]:
        return tuple(row[0] for row in self._database.read(_DUE, (now_ms, limit)))

    async def fold(self, decision_ids: Sequence[str], sums: Mapping[TallyKey, Sums]) -> bool:
        ids = _json(list(decision_ids))

        def change(connection: sqlite3.Connection) -> bool:
            if connection.execute(_FOLDED, (ids,)).rowcount != len(decision_ids):
                raise _FoldedBefore
            for key, more in sums.items():
                found = connection.execute(_TALLY, key).fetchone()
                known = (0.0,) * len(more) if found is None else msgspec.json.decode(found[0])
                total = [each + added for each, added in zip(known, more, strict=True)]
                connection.execute(_PUT, (*key, _json(total)))
            return True

        try:
            return await self._database.write(change)
        except _FoldedBefore:
            return False

    async def tallies(self, learning: str) -> Mapping[int, Sums]:
        rows = self._database.read(_TALLIES, (learning,))
        return {bucket: tuple(msgspec.json.decode(sums, type=list[float])) for bucket, sums in rows}

    async def count_waiting(self, learning: str | None = None) -> int:
        count = (_COUNT, ()) if learning is None else (_COUNT_OF, (learning,))
        row = self._database.read_one(*count)
        return int(row[0]) if row is not None else 0


class _FoldedBefore(Exception):
    """Takes the change back."""


def insert_pressure_contacts(connection: sqlite3.Connection, record: DecisionRecord) -> None:
    """Within the transaction that records the decision."""
    due, learning = due_ms(record), record.pressure_learning
    if due is not None and learning is not None:
        connection.execute(_WAIT, (record.decision_id, due, learning.key))


def _json(content: object) -> str:
    return msgspec.json.encode(content).decode()
