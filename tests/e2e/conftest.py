"""Deployments of the whole system: one process and four, on SQLite and on a real MongoDB, each started once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo import MongoClient

from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.tandem_client import TandemClient

CONFIGURATIONS = [(form, store) for store in ("sqlite", "mongo") for form in Form]


@pytest.fixture(scope="session", params=CONFIGURATIONS, ids=lambda each: f"{each[0]}-{each[1]}")
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment that many tests share: each speaks of people of its own."""
    form, store = request.param
    folder = tmp_path_factory.mktemp(f"{form}_{store}")
    with storage_of(store, request, tmp_path_factory) as storage, deployed(form, storage, folder) as running:
        client = TandemClient(running.addresses)
        assert client.publish().active
        client.close()
        yield running


@contextmanager
def storage_of(store: str, request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> Iterator[Storage]:
    """Storage that nobody used before; what is left in MongoDB is dropped."""
    uri = request.getfixturevalue("mongo_uri") if store == "mongo" else ""
    storage = Storage(folders.mktemp("stores"), uri, f"tandem_e2e_{uuid.uuid4().hex[:12]}")
    yield storage
    if uri:
        with MongoClient[dict[str, Any]](uri) as client:
            for name in client.list_database_names():
                if name.startswith(storage.database):
                    client.drop_database(name)


@pytest.fixture
def client(deployment: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(deployment.addresses)
    yield caller
    caller.close()
