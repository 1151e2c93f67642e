"""Secrets beside what they protect, readable by whoever may read the store.

The table is `secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL)`, the collection `secrets` or another that is named.
"""

from __future__ import annotations

import sqlite3

from pymongo import ReturnDocument

from shared.mongo import MongoDatabase, mongo_errors
from shared.sqlite import SqliteDatabase


class SqliteSecretStore:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def get_or_create(self, name: str, proposal: bytes) -> bytes:
        """The secret of that name; the first proposal becomes it."""

        def change(connection: sqlite3.Connection) -> bytes:
            connection.execute("INSERT INTO secrets VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (name, proposal))
            value: bytes = connection.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()[0]
            return value

        return await self._database.write(change)


class MongoSecretStore:
    def __init__(self, database: MongoDatabase, store: str, collection: str = "secrets") -> None:
        self._store = store
        self._secrets = database.collection(collection)

    async def get_or_create(self, name: str, proposal: bytes) -> bytes:
        """The secret of that name; the first proposal becomes it."""
        with mongo_errors(self._store):
            found = await self._secrets.find_one_and_update(
                {"_id": name},
                {"$setOnInsert": {"value": proposal}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        assert found is not None, "an upsert answers what it stored"
        value: bytes = found["value"]
        return value
