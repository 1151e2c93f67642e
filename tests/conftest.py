"""Fixtures every test may use, and the loud lines about what was not tested.

`mongo_uri`            one real mongod (a replica set of one member) for the whole session
`replica_set`          three mongods as one replica set, for tests that take its primary away; healed before each
`storage_of`           storage that no deployment used before, on SQLite or on that MongoDB
`mongo_database_name`  a database name of this test alone; every database whose name begins with it is dropped after
`empty_database_name`  a database without a document; a test of the same folder may have used it before, so that most
                       tests find its collections and indexes made
"""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from pymongo import MongoClient

from tests.support.manifests.render import MANIFESTS_SKIPPED
from tests.support.mongod import MongoUnavailable, find_binary, running_mongod
from tests.support.real_data import DATA_SKIPPED
from tests.support.replica_set import ReplicaSet, running_replica_set
from tests.support.servers import Storage
from tests.support.storages import StorageOf, fresh_storage

MONGO_SKIPPED = "MongoDB is not tested"
LOUD_SKIPS = {
    MONGO_SKIPPED: "MONGO BACKEND NOT TESTED",
    MANIFESTS_SKIPPED: "KUBERNETES MANIFESTS NOT TESTED",
    DATA_SKIPPED: "REAL DATA NOT TESTED",
}

# Machines of tests are shared and slow at times: a slow example is no failure.
hypothesis.settings.register_profile("tandem", deadline=None)
hypothesis.settings.load_profile("tandem")


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of a real MongoDB. Skips the test when there is none, or fails it under REQUIRE_MONGO=1."""
    external = os.environ.get("STORE_TEST_MONGO_URI")
    if external:
        yield external
        return
    with running_mongod(mongod_binary(), tmp_path_factory.mktemp("mongod")) as uri:
        yield uri


def mongod_binary() -> Path:
    try:
        return find_binary()
    except MongoUnavailable as error:
        if os.environ.get("REQUIRE_MONGO") == "1":
            pytest.fail(f"REQUIRE_MONGO=1, but {error}")
        pytest.skip(f"{MONGO_SKIPPED}: {error}")


@pytest.fixture(scope="session")
def started_replica_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaSet]:
    with running_replica_set(mongod_binary(), tmp_path_factory.mktemp("replica_set")) as replica_set:
        yield replica_set


@pytest.fixture
def replica_set(started_replica_set: ReplicaSet) -> ReplicaSet:
    started_replica_set.heal()
    return started_replica_set


@pytest.fixture(scope="session")
def storage_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StorageOf:
    """Storage for a deployment, of the kind that is named: sqlite or mongo."""

    def of(kind: str) -> AbstractContextManager[Storage]:
        uri = request.getfixturevalue("mongo_uri") if kind == "mongo" else ""
        return fresh_storage(tmp_path_factory.mktemp("stores"), uri)

    return of


@pytest.fixture(scope="session")
def mongo_client(mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A synchronous client for looking at, or breaking, what an adapter stored."""
    with MongoClient[dict[str, Any]](mongo_uri, serverSelectionTimeoutMS=10_000) as client:
        yield client


@pytest.fixture
def mongo_database_name(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    name = f"tandem_test_{uuid.uuid4().hex[:12]}"
    yield name
    for database in mongo_client.list_database_names():
        if database.startswith(name):
            mongo_client.drop_database(database)


@pytest.fixture(scope="session")
def emptied_databases() -> defaultdict[Path, list[str]]:
    """By folder of the tests that used them."""
    return defaultdict(list)


@pytest.fixture
def empty_database_name(
    request: pytest.FixtureRequest,
    mongo_client: MongoClient[dict[str, Any]],
    emptied_databases: defaultdict[Path, list[str]],
) -> Iterator[str]:
    unused = emptied_databases[request.path.parent]
    name = unused.pop() if unused else f"tandem_test_{uuid.uuid4().hex[:12]}"
    yield name
    database = mongo_client[name]
    for collection in database.list_collection_names():
        database[collection].delete_many({})
    unused.append(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("skipped")
    for mark, headline in LOUD_SKIPS.items():
        count = sum(mark in str(report.longrepr) for report in reports)
        if count:
            terminalreporter.write_sep("!", f"{headline}: {count} tests skipped", red=True, bold=True)
