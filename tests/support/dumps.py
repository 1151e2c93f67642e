"""Logical dumps of stores: two are equal exactly when the stores hold the same.

Without the head of the triggers: who works through the log, and how far, goes by the clock.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from pymongo import MongoClient

HEAD = "trigger_head"


def dump_sqlite(folder: Path) -> dict[str, list[str]]:
    """Every table of every database in the folder, as SQL."""
    return {path.name: _statements(path) for path in sorted(folder.glob("*.sqlite"))}


def _statements(path: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [line for line in connection.iterdump() if not line.startswith(f'INSERT INTO "{HEAD}"')]
    finally:
        connection.close()


def dump_mongo(client: MongoClient[dict[str, Any]], prefix: str) -> dict[str, list[str]]:
    """Every collection of every database whose name begins so."""
    return {
        f"{database}.{collection}": sorted(map(repr, client[database][collection].find()))
        for database in client.list_database_names()
        if database.startswith(prefix)
        for collection in client[database].list_collection_names()
        if not collection.endswith(HEAD)
    }
