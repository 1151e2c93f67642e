"""Trait schemas in SQLite."""

from __future__ import annotations

import sqlite3

from services.profile.adapters.encoding import decode_schema, encode
from services.profile.adapters.sqlite_profiles import active_version, keep_answer
from services.profile.app.ports import SchemaCommit
from services.profile.domain.schema import TraitSchema
from shared.sqlite import SqliteDatabase

_SCHEMA = "SELECT body FROM trait_schema WHERE version = ?"
_PUBLISH = "INSERT OR IGNORE INTO trait_schema (version, body) VALUES (?, ?)"
_ACTIVATE = "INSERT OR REPLACE INTO active_trait_schema (only_row, version) VALUES (1, ?)"


class SqliteSchemaStore:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def active_version(self) -> str:
        return active_version(self._database)

    async def schema(self, version: str) -> TraitSchema | None:
        row = self._database.read_one(_SCHEMA, (version,))
        return None if row is None else decode_schema(row[0])

    async def commit(self, commit: SchemaCommit) -> None:
        body = encode(commit.schema)

        def run(connection: sqlite3.Connection) -> None:
            keep_answer(connection, commit.answer)
            connection.execute(_PUBLISH, (commit.version, body))
            if commit.activate:
                connection.execute(_ACTIVATE, (commit.version,))

        await self._database.write(run)
