"""Fixtures every test may use, and the loud lines about what was not tested.

`mongo_uri`            one real mongod (a replica set of one member) for the whole session
`mongo_database_name`  a database name of this test alone; every database whose name begins with it is dropped after
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from pymongo import MongoClient

from tests.support.manifests.render import MANIFESTS_SKIPPED
from tests.support.mongod import MongoUnavailable, find_binary, running_mongod

MONGO_SKIPPED = "MongoDB is not tested"
LOUD_SKIPS = {MONGO_SKIPPED: "MONGO BACKEND NOT TESTED", MANIFESTS_SKIPPED: "KUBERNETES MANIFESTS NOT TESTED"}

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
    try:
        binary = find_binary()
    except MongoUnavailable as error:
        if os.environ.get("REQUIRE_MONGO") == "1":
            pytest.fail(f"REQUIRE_MONGO=1, but {error}")
        pytest.skip(f"{MONGO_SKIPPED}: {error}")
    with running_mongod(binary, tmp_path_factory.mktemp("mongod")) as uri:
        yield uri


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("skipped")
    for mark, headline in LOUD_SKIPS.items():
        count = sum(mark in str(report.longrepr) for report in reports)
        if count:
            terminalreporter.write_sep("!", f"{headline}: {count} tests skipped", red=True, bold=True)
