"""Storage of deployments that nobody used before, and its end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.support.servers import Storage

StorageOf = Callable[[str], AbstractContextManager[Storage]]
"""By kind: sqlite or mongo."""


@contextmanager
def fresh_storage(folder: Path, mongo_uri: str = "") -> Iterator[Storage]:
    """What is left in MongoDB is dropped at the end."""
    storage = Storage(folder, mongo_uri, f"tandem_e2e_{uuid.uuid4().hex[:12]}")
    yield storage
    if mongo_uri:
        drop_databases(storage)


def drop_databases(storage: Storage) -> None:
    with MongoClient[dict[str, Any]](storage.mongo_uri) as mongo:
        end_abandoned_transactions(mongo)
        for name in mongo.list_database_names():
            if name.startswith(storage.database):
                mongo.drop_database(name)


def end_abandoned_transactions(mongo: MongoClient[dict[str, Any]]) -> None:
    """A process that was killed leaves its transactions open for a minute, and nothing can be dropped below them."""
    ours = {"type": "idleSession", "appName": "tandem"}
    idle = mongo.admin.aggregate([{"$currentOp": {"idleSessions": True}}, {"$match": ours}])
    sessions = [{"id": operation["lsid"]["id"]} for operation in idle]
    if sessions:
        mongo.admin.command("killSessions", sessions)
