"""What requests were answered, in the orchestrator's SQLite database."""

from __future__ import annotations

import sqlite3

from services.orchestrator.app.policy_store import Receipt
from shared.clock import system_clock
from shared.errors import request_id_reused
from shared.sqlite import SqliteDatabase

_RECEIPT = "SELECT body_hash, response FROM receipts WHERE rpc = ? AND request_id = ?"
_INSERT = "INSERT INTO receipts (rpc, request_id, body_hash, response, made_ms) VALUES (?, ?, ?, ?, ?)"
_PRUNE = """
DELETE FROM receipts WHERE (rpc, request_id) IN
(SELECT rpc, request_id FROM receipts WHERE made_ms < ? ORDER BY made_ms LIMIT ?)
"""


class SqliteReceiptBox:
    """Implements ReceiptBox."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def prune(self, before_ms: int, limit: int) -> int:
        return await self._database.write(lambda connection: connection.execute(_PRUNE, (before_ms, limit)).rowcount)


def read_receipt(database: SqliteDatabase, rpc: str, request_id: str) -> Receipt | None:
    row = database.read_one(_RECEIPT, (rpc, request_id))
    return Receipt(rpc, request_id, *row) if row is not None else None


def earlier_receipt(connection: sqlite3.Connection, rpc: str, request_id: str, body_hash: str) -> Receipt | None:
    """Within the caller's transaction. Raises AlreadyExists where the request had another body."""
    row = connection.execute(_RECEIPT, (rpc, request_id)).fetchone()
    if row is not None and row[0] != body_hash:
        raise request_id_reused(request_id)
    return Receipt(rpc, request_id, *row) if row is not None else None


def insert_receipt(connection: sqlite3.Connection, receipt: Receipt) -> None:
    """Dated by the clock of the machine: nothing but its pruning goes by that."""
    row = receipt.rpc, receipt.request_id, receipt.body_hash, receipt.response, system_clock()
    connection.execute(_INSERT, row)
