"""Trainings in SQLite: what each has come to."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.scoring.adapters.registry_encoding import decode_training, encode
from services.scoring.domain.models import Training, TrainingState
from services.scoring.domain.trainings import given_up
from shared.sqlite import SqliteDatabase

_RUNNING = "SELECT content FROM training WHERE objective = ? AND state = ?"


class SqliteTrainingStore:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def begin(self, request_id: str, training: Training, stale_before_ms: int) -> Training:
        return await self._database.write(lambda each: _begin(each, request_id, training, stale_before_ms))

    async def say(self, training: Training) -> None:
        await self._database.write(lambda connection: _say(connection, training))

    async def trainings(self, objective: str, limit: int) -> Sequence[Training]:
        sql = "SELECT content FROM training WHERE objective = ? ORDER BY start_ms DESC, training_id LIMIT ?"
        return [decode_training(content) for (content,) in self._database.read(sql, (objective, limit))]


def _begin(connection: sqlite3.Connection, request_id: str, training: Training, stale_before_ms: int) -> Training:
    before = connection.execute("SELECT content FROM training WHERE request_id = ?", (request_id,)).fetchone()
    if before is not None:
        return decode_training(before[0])
    for (content,) in connection.execute(_RUNNING, (training.objective, TrainingState.RUNNING)).fetchall():
        running = decode_training(content)
        if running.beat_ms >= stale_before_ms:
            return running
        _say(connection, given_up(running))
    row = (training.training_id, request_id, training.objective, training.state, training.start_ms, encode(training))
    connection.execute("INSERT INTO training VALUES (?, ?, ?, ?, ?, ?)", row)
    return training


def _say(connection: sqlite3.Connection, training: Training) -> None:
    connection.execute(
        "UPDATE training SET state = ?1, content = ?2 WHERE training_id = ?3 AND (?1 <> ?4 OR state = ?4)",
        (training.state, encode(training), training.training_id, TrainingState.RUNNING),
    )
