"""Responses that are awaited, in the orchestrator's SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.sqlite_contact_outbox import insert_reports
from services.orchestrator.adapters.sqlite_outcome_store import INSERT_OUTCOME, outcome_row
from services.orchestrator.app.outcome_store import Implied
from services.orchestrator.domain.response import Answering
from shared.sqlite import SqliteDatabase

_DUE = "SELECT implied FROM contact_history WHERE answering = 1 AND due_ms < ? ORDER BY due_ms LIMIT ?"
"""As its partial index has it: answering 1 is WAITING."""
_IMPLY = (
    "UPDATE contact_history SET answering = ?, due_ms = NULL, implied = NULL WHERE presentation = ? AND answering = ?"
)


class SqliteImpliedOutcomes:
    """Implements ImpliedOutcomeStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codec = BlobCodec()

    async def unanswered(self, now_ms: int, limit: int) -> tuple[Implied, ...]:
        rows = self._database.read(_DUE, (now_ms, limit))
        return tuple(self._codec.decode(Implied, blob) for (blob,) in rows)

    async def imply(self, implied: Sequence[Implied]) -> tuple[Implied, ...]:
        rows = [outcome_row(each.outcome, self._codec) for each in implied]

        def change(connection: sqlite3.Connection) -> tuple[Implied, ...]:
            taken = []
            for each, row in zip(implied, rows, strict=True):
                change_of = (Answering.IMPLIED, each.outcome.reward_key, Answering.WAITING)
                if connection.execute(_IMPLY, change_of).rowcount == 1:
                    connection.execute(INSERT_OUTCOME, row)
                    insert_reports(connection, each.reports)
                    taken.append(each)
            return tuple(taken)

        return await self._database.write(change)
