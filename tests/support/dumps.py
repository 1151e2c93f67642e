"""Logical dumps of stores: two are equal exactly when the stores hold the same.

Without what goes by the clock: the head of the triggers (who works through the log, and how far), and the positions
that MongoDB's events are given in the background.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from pymongo import MongoClient

HEAD = "trigger_head"
EVENTS, EVENT_LOG = "profile_events", "event_log"
POSITIONS = ("waiting", "position")


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
        f"{database}.{collection}": sorted(
            repr(_without_position(document) if collection == EVENTS else document)
            for document in client[database][collection].find()
            if document["_id"] != EVENT_LOG
        )
        for database in client.list_database_names()
        if database.startswith(prefix)
        for collection in client[database].list_collection_names()
        if not collection.endswith(HEAD)
    }


def _without_position(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in POSITIONS}
