"""Rule sets in SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence

from services.rules.adapters.rule_set_blob import decode_rule_set, encode_rule_set
from services.rules.adapters.sqlite_trigger_schema import TRIGGER_TABLES
from services.rules.app.ports import Publication, RuleSetEntry
from services.rules.domain.rule_set import RuleSet
from shared.errors import request_id_reused
from shared.sqlite import SqliteDatabase, StoreSchema

SQLITE_SCHEMA = StoreSchema(
    store="rules",
    migrations=(
        """
        CREATE TABLE rule_set (version TEXT PRIMARY KEY, published_ms INTEGER NOT NULL, content BLOB NOT NULL)
            WITHOUT ROWID;
        CREATE TABLE publication (request_id TEXT PRIMARY KEY, version TEXT NOT NULL) WITHOUT ROWID;
        """,
        TRIGGER_TABLES,
        """
        ALTER TABLE rule_set ADD COLUMN actions INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE rule_set ADD COLUMN triggers INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX rule_set_by_time ON rule_set (published_ms, version);
        """,
    ),
)

_PUBLISHED = "SELECT version FROM publication WHERE request_id = ?"
_REMEMBER = "INSERT OR IGNORE INTO publication (request_id, version) VALUES (?, ?)"
_STORE = "INSERT OR IGNORE INTO rule_set (version, published_ms, content, actions, triggers) VALUES (?, ?, ?, ?, ?)"
_CONTENT = "SELECT content FROM rule_set WHERE version = ?"
_ENTRY = "SELECT version, published_ms, actions, triggers FROM rule_set WHERE version = ?"
_ENTRIES = """
    SELECT version, published_ms, actions, triggers FROM rule_set
    WHERE (published_ms, version) < (?, ?) ORDER BY published_ms DESC, version DESC LIMIT ?
"""
_NEWEST = (2**63 - 1, "")


class SqliteRuleSetStore:
    """Implements RuleSetStore."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def publish(self, publication: Publication) -> None:
        content = await asyncio.to_thread(encode_rule_set, publication.rule_set)

        def change(connection: sqlite3.Connection) -> None:
            row = connection.execute(_PUBLISHED, (publication.request_id,)).fetchone()
            if row is not None and row[0] != publication.version:
                raise request_id_reused(publication.request_id)
            counts = publication.rule_set.action_count, len(publication.rule_set.triggers)
            connection.execute(_STORE, (publication.version, publication.published_ms, content, *counts))
            connection.execute(_REMEMBER, (publication.request_id, publication.version))

        await self._database.write(change)

    async def get(self, version: str) -> RuleSet | None:
        row = self._database.read_one(_CONTENT, (version,))
        return None if row is None else await asyncio.to_thread(decode_rule_set, row[0])

    async def entry(self, version: str) -> RuleSetEntry | None:
        row = self._database.read_one(_ENTRY, (version,))
        return None if row is None else RuleSetEntry(*row)

    async def entries(self, after: tuple[int, str] | None, limit: int) -> Sequence[RuleSetEntry]:
        rows = self._database.read(_ENTRIES, (*(after or _NEWEST), limit))
        return [RuleSetEntry(*row) for row in rows]

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""
        self._database.read("SELECT 1 FROM rule_set LIMIT 1")
