"""Policies in the orchestrator's SQLite database."""

from __future__ import annotations

import sqlite3

import msgspec

from services.orchestrator.adapters.sqlite_receipts import earlier_receipt, insert_receipt, read_receipt
from services.orchestrator.app.policy_store import (
    BY_NOBODY,
    NOTHING_ACTIVE,
    Activating,
    ActivePointer,
    PolicyRecord,
    PolicyVersions,
    Receipt,
)
from shared.sqlite import SqliteDatabase

_POINTER = "SELECT policy_version, generation FROM active_policy"


class SqlitePolicyStore:
    """Implements PolicyStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def add(
        self, record: PolicyRecord, receipt: Receipt, pointer: ActivePointer, *, may_be_first: bool = True
    ) -> bool:
        def change(connection: sqlite3.Connection) -> bool:
            if earlier_receipt(connection, receipt.rpc, receipt.request_id, receipt.body_hash):
                return True
            if _pointer(connection) != pointer:
                return False
            _insert_record(connection, record)
            insert_receipt(connection, receipt)
            if may_be_first and pointer == NOTHING_ACTIVE:
                how = Activating(record.author, record.publish_time_ms)
                _move_pointer(connection, record.versions.policy, pointer, how)
            return True

        return await self._database.write(change)

    async def get(self, policy_version: str) -> PolicyRecord | None:
        row = self._database.read_one(
            "SELECT policy_version, trait_schema, rule_set, feature_set, catalogue, feature_sets, name, "
            "publish_time_ms, author FROM policies WHERE policy_version = ?",
            (policy_version,),
        )
        if row is None:
            return None
        files = self._database.read(
            "SELECT path, content FROM policy_files WHERE policy_version = ? ORDER BY path", (policy_version,)
        )
        policy, trait_schema, rule_set, feature_set, catalogue, feature_sets, name, publish_time_ms, author = row
        by_objective = msgspec.json.decode(feature_sets, type=dict[str, str])
        versions = PolicyVersions(policy, trait_schema, rule_set, feature_set, catalogue, by_objective)
        return PolicyRecord(versions, name, dict(files), publish_time_ms, author)

    async def active(self) -> ActivePointer:
        row = self._database.read_one(_POINTER)
        return ActivePointer(*row) if row is not None else NOTHING_ACTIVE

    async def activate(
        self, policy_version: str, receipt: Receipt, pointer: ActivePointer, how: Activating = BY_NOBODY
    ) -> bool:
        def change(connection: sqlite3.Connection) -> bool:
            if earlier_receipt(connection, receipt.rpc, receipt.request_id, receipt.body_hash):
                return True
            if _pointer(connection) != pointer:
                return False
            insert_receipt(connection, receipt)
            _move_pointer(connection, policy_version, pointer, how)
            return True

        return await self._database.write(change)

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None:
        return read_receipt(self._database, rpc, request_id)


def _pointer(connection: sqlite3.Connection) -> ActivePointer:
    row = connection.execute(_POINTER).fetchone()
    return ActivePointer(*row) if row is not None else NOTHING_ACTIVE


def _move_pointer(connection: sqlite3.Connection, policy_version: str, pointer: ActivePointer, how: Activating) -> None:
    generation = pointer.generation + 1
    if pointer != NOTHING_ACTIVE:
        # It may be of before activations were kept.
        connection.execute(
            "INSERT OR IGNORE INTO policy_activations VALUES (?, ?, '', 0, 0)",
            (pointer.generation, pointer.policy_version),
        )
    connection.execute("INSERT OR REPLACE INTO active_policy VALUES (1, ?, ?)", (policy_version, generation))
    connection.execute(
        "INSERT INTO policy_activations VALUES (?, ?, ?, ?, ?)",
        (generation, policy_version, how.actor, how.time_ms, how.restores),
    )


def _insert_record(connection: sqlite3.Connection, record: PolicyRecord) -> None:
    versions = record.versions
    connection.execute(
        "INSERT OR IGNORE INTO policies (policy_version, name, trait_schema, rule_set, feature_set, catalogue, "
        "publish_time_ms, feature_sets, author) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            versions.policy,
            record.name,
            versions.trait_schema,
            versions.rule_set,
            versions.feature_set,
            versions.catalogue,
            record.publish_time_ms,
            msgspec.json.encode(versions.feature_sets).decode(),
            record.author,
        ),
    )
    connection.execute(
        "UPDATE policies SET author = ? WHERE policy_version = ? AND author = ''", (record.author, versions.policy)
    )
    if record.author:
        connection.execute("INSERT OR IGNORE INTO policy_authors VALUES (?, ?)", (versions.policy, record.author))
    connection.executemany(
        "INSERT OR IGNORE INTO policy_files VALUES (?, ?, ?)",
        [(versions.policy, path, content) for path, content in record.files.items()],
    )
