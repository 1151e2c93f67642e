"""What requests were answered, in the orchestrator's SQLite database."""

from __future__ import annotations

import sqlite3

from services.orchestrator.app.policy_store import Receipt
from shared.errors import request_id_reused
from shared.sqlite import SqliteDatabase

_RECEIPT = "SELECT body_hash, response FROM receipts WHERE rpc = ? AND request_id = ?"
_INSERT = "INSERT INTO receipts VALUES (?, ?, ?, ?)"


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
    connection.execute(_INSERT, (receipt.rpc, receipt.request_id, receipt.body_hash, receipt.response))
