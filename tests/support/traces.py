"""Where a text is found in all that a deployment left behind: raw files, every value of every store, logs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard
from bson import BSON
from pymongo import MongoClient

from tests.support.servers import Deployment

_ZSTD = b"\x28\xb5\x2f\xfd"


def traces_of(text: str, deployment: Deployment) -> list[str]:
    """The places, empty where there is none. What is compressed is looked into."""
    wanted = text.encode()
    storage = deployment.storage
    stored = _in_mongo(storage.mongo_uri, storage.database) if storage.mongo_uri else _in_sqlite(storage.folder)
    logs = ((f"log {name}", process.log.read_bytes()) for name, process in deployment.processes.items())
    return sorted({place for place, content in (*stored, *logs) if wanted in content})


def _in_sqlite(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"file {path.name}", path.read_bytes()
    for path in sorted((*folder.glob("*.sqlite"), *folder.glob("*.db"))):
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from ((f"{path.name} {table}", content) for content in map(_content, row))
        connection.close()


def _in_mongo(uri: str, prefix: str) -> Iterator[tuple[str, bytes]]:
    with MongoClient[dict[str, Any]](uri) as client:
        for database in client.list_database_names():
            if not database.startswith(prefix):
                continue
            for collection in client[database].list_collection_names():
                for document in client[database][collection].find():
                    place = f"{database}.{collection}"
                    yield place, BSON.encode(document)
                    yield from ((place, _content(value)) for value in document.values())


def _content(value: object) -> bytes:
    if not isinstance(value, bytes):
        return str(value).encode()
    if not value.startswith(_ZSTD):
        return value
    return zstandard.ZstdDecompressor().decompress(value, max_output_size=2**26)
