"""Rule sets in SQLite."""

from __future__ import annotations

import asyncio
import sqlite3

from services.rules.adapters.rule_set_blob import decode_rule_set, encode_rule_set
from services.rules.app.ports import Publication
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
    ),
)

_PUBLISHED = "SELECT version FROM publication WHERE request_id = ?"
_REMEMBER = "INSERT OR IGNORE INTO publication (request_id, version) VALUES (?, ?)"
_STORE = "INSERT OR IGNORE INTO rule_set (version, published_ms, content) VALUES (?, ?, ?)"
_CONTENT = "SELECT content FROM rule_set WHERE version = ?"


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
            connection.execute(_STORE, (publication.version, publication.published_ms, content))
            connection.execute(_REMEMBER, (publication.request_id, publication.version))

        await self._database.write(change)

    async def get(self, version: str) -> RuleSet | None:
        row = self._database.read_one(_CONTENT, (version,))
        return None if row is None else await asyncio.to_thread(decode_rule_set, row[0])

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""
        self._database.read("SELECT 1 FROM rule_set LIMIT 1")
