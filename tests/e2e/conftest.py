"""Deployments of the whole system: one process and four, on SQLite and on a real MongoDB, each started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers import Deployment, Form, deployed
from tests.support.storages import StorageOf
from tests.support.tandem_client import TandemClient

CONFIGURATIONS = [(form, store) for store in ("sqlite", "mongo") for form in Form]


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
