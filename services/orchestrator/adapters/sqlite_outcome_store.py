"""Outcomes and the rewards they come to, in the orchestrator's SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.sqlite_contact_history import encoded, note_sightings
from services.orchestrator.adapters.sqlite_contact_outbox import insert_reports
from services.orchestrator.adapters.sqlite_receipts import earlier_receipt, insert_receipt, read_receipt
from services.orchestrator.adapters.sqlite_resource_bank import insert_settlements
from services.orchestrator.app.outcome_store import (
    Capture,
    CapturedOutcome,
    PendingReward,
    Presentation,
    Wait,
    said_by,
)
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.domain.outcome import Effect, Lesson, reward_of
from shared.sqlite import SqliteDatabase

INSERT_OUTCOME = "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (idempotency_key) DO NOTHING"
_BY_KEY = "SELECT outcome FROM outcomes WHERE idempotency_key BETWEEN ? AND ? ORDER BY idempotency_key"
LAST_CHARACTER = "\U0010ffff"
_TEACH = "INSERT INTO lessons (idempotency_key, reward_key, effect, time_ms, amount) VALUES (?, ?, ?, ?, ?)"
_LESSONS = "SELECT effect, time_ms, amount FROM lessons WHERE reward_key = ?"
_KNOWN = "SELECT value FROM reward_outbox WHERE reward_key = ?"
_QUEUE = (
    "INSERT INTO reward_outbox (reward_key, revision, value, time_ms, presentation, due_ms, amount) "
    "VALUES (:key, 1, :value, :time_ms, :presentation, :due_ms, :amount) "
    "ON CONFLICT (reward_key) DO UPDATE SET revision = revision + 1, value = :value, time_ms = :time_ms, "
    "presentation = :presentation, due_ms = :due_ms, amount = :amount "
    "WHERE value <> :value OR amount IS NOT :amount"
)
_PENDING = (
    "SELECT reward_key, revision, value, time_ms, presentation, amount FROM reward_outbox "
    "WHERE presentation IS NOT NULL AND due_ms <= ? ORDER BY due_ms, time_ms LIMIT ?"
)
_COUNT_PENDING = "SELECT count(*) FROM reward_outbox WHERE presentation IS NOT NULL AND due_ms <= ?"
_COUNT_DELAY = (
    "INSERT INTO success_delays VALUES (?, ?, 1) ON CONFLICT (histogram, bucket) DO UPDATE SET count = count + 1"
)
_DELAYS = "SELECT bucket, count FROM success_delays WHERE histogram = ?"
_DELIVERED = "UPDATE reward_outbox SET presentation = NULL WHERE reward_key = ? AND revision = ?"

_Row = tuple[str, str, str, int, int, bytes]


class SqliteOutcomeStore:
    """Implements OutcomeStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codec = BlobCodec()

    async def append(self, capture: Capture) -> Receipt:
        rows = [outcome_row(outcome, self._codec) for outcome in capture.outcomes]
        presentations = {key: self._codec.encode(each) for key, each in capture.presentations.items()}
        sightings = encoded(capture.sightings, self._codec)

        def change(connection: sqlite3.Connection) -> Receipt:
            earlier = earlier_receipt(connection, capture.rpc, capture.request_id, capture.body_hash)
            if earlier is not None:
                return earlier
            new_keys = {row[0] for row in rows if connection.execute(INSERT_OUTCOME, row).rowcount == 1}
            connection.executemany(_TEACH, _lessons(capture.outcomes, new_keys))
            for reward_key, presentation in presentations.items():
                _queue_reward(connection, reward_key, presentation, capture.waits.get(reward_key))
            note_sightings(connection, sightings, new_keys)
            insert_reports(connection, said_by(new_keys, capture.reports))
            insert_settlements(connection, said_by(new_keys, capture.settlements))
            receipt = Receipt(capture.rpc, capture.request_id, capture.body_hash, capture.response_of(new_keys))
            insert_receipt(connection, receipt)
            return receipt

        return await self._database.write(change)

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None:
        return read_receipt(self._database, rpc, request_id)

    async def list_by_decision(self, decision_id: str) -> tuple[CapturedOutcome, ...]:
        rows = self._database.read("SELECT outcome FROM outcomes WHERE decision_id = ? ORDER BY rowid", (decision_id,))
        return tuple(self._codec.decode(CapturedOutcome, blob) for (blob,) in rows)

    async def list_by_key(self, prefix: str) -> tuple[CapturedOutcome, ...]:
        rows = self._database.read(_BY_KEY, (prefix, prefix + LAST_CHARACTER))
        return tuple(self._codec.decode(CapturedOutcome, blob) for (blob,) in rows)

    async def pending(self, limit: int, now_ms: int) -> tuple[PendingReward, ...]:
        return tuple(
            PendingReward(key, revision, value, time_ms, self._codec.decode(Presentation, presentation), amount)
            for key, revision, value, time_ms, presentation, amount in self._database.read(_PENDING, (now_ms, limit))
        )

    async def count_pending(self, now_ms: int) -> int:
        row = self._database.read_one(_COUNT_PENDING, (now_ms,))
        return int(row[0]) if row is not None else 0

    async def success_delays(self, histogram: str) -> Mapping[int, int]:
        return dict(self._database.read(_DELAYS, (histogram,)))

    async def mark_delivered(self, rewards: Sequence[PendingReward]) -> None:
        delivered = [(reward.reward_key, reward.revision) for reward in rewards]
        await self._database.write(lambda connection: connection.executemany(_DELIVERED, delivered).rowcount)


def outcome_row(outcome: CapturedOutcome, codec: BlobCodec) -> _Row:
    """As INSERT_OUTCOME takes it."""
    return (
        outcome.item.idempotency_key,
        outcome.decision_id,
        outcome.reward_key,
        int(outcome.effect),
        outcome.outcome_time_ms,
        codec.encode(outcome),
    )


def _lessons(outcomes: Sequence[CapturedOutcome], new_keys: Set[str]) -> Iterator[tuple[Any, ...]]:
    for outcome in outcomes:
        key = outcome.item.idempotency_key
        if key in new_keys:
            time_ms = outcome.outcome_time_ms
            yield from ((key, each.reward_key, int(each.effect), time_ms, each.amount) for each in outcome.lessons)


def _queue_reward(connection: sqlite3.Connection, reward_key: str, presentation: bytes, wait: Wait | None) -> None:
    """What all lessons of the reward come to waits for delivery, unless it is what was learnt already."""
    lessons = connection.execute(_LESSONS, (reward_key,)).fetchall()
    learnt = reward_of(Lesson(Effect(effect), time_ms, amount) for effect, time_ms, amount in lessons)
    if learnt is None:
        return
    known = connection.execute(_KNOWN, (reward_key,)).fetchone()
    values = {"key": reward_key, "value": learnt.value, "time_ms": learnt.time_ms, "presentation": presentation}
    due_ms = wait.due_ms if wait is not None and learnt.is_open else 0
    connection.execute(_QUEUE, {**values, "due_ms": due_ms, "amount": learnt.amount})
    if wait is not None and learnt.value > 0 and (known is None or known[0] != learnt.value):
        connection.execute(_COUNT_DELAY, (wait.histogram, wait.bucket))
