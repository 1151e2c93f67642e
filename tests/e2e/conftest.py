"""Deployments of the whole system: one process and four, on SQLite and on a real MongoDB, each started once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from pymongo import MongoClient

from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.tandem_client import TandemClient

CONFIGURATIONS = [(form, store) for store in ("sqlite", "mongo") for form in Form]


StorageOf = Callable[[str], AbstractContextManager[Storage]]


@pytest.fixture(scope="session")
def storage_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StorageOf:
    """Storage that nobody used before, of the kind that is named; what is left in MongoDB is dropped."""

    @contextmanager
    def fresh_storage(kind: str) -> Iterator[Storage]:
        uri = request.getfixturevalue("mongo_uri") if kind == "mongo" else ""
        storage = Storage(tmp_path_factory.mktemp("stores"), uri, f"tandem_e2e_{uuid.uuid4().hex[:12]}")
        yield storage
        if uri:
            drop_databases(storage)

    return fresh_storage


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


@pytest.fixture(scope="session", params=CONFIGURATIONS, ids=lambda each: f"{each[0]}-{each[1]}")
def deployment(
    request: pytest.FixtureRequest, storage_of: StorageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A deployment that many tests share: each speaks of people of its own."""
    form, kind = request.param
    with storage_of(kind) as storage, deployed(form, storage, tmp_path_factory.mktemp("logs")) as running:
        client = TandemClient(running.addresses)
        assert client.publish().active
        client.close()
        yield running


@pytest.fixture
def client(deployment: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(deployment.addresses)
    yield caller
    caller.close()
