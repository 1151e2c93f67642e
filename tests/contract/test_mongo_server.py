"""The server the store tests stand on: a real MongoDB, as a replica set, with a database per test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.support.mongod import MongoUnavailable, explain_failure, find_binary


def test_server_is_a_replica_set_that_commits_transactions(
    mongo_client: MongoClient[dict[str, Any]], mongo_database_name: str
) -> None:
    collection = mongo_client[mongo_database_name]["t"]
    collection.insert_one({"_id": 1, "n": 0})
    with mongo_client.start_session() as session, session.start_transaction():
        collection.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=session)
    assert collection.find_one({"_id": 1}) == {"_id": 1, "n": 1}


def test_a_missing_library_is_named_by_its_package() -> None:
    stderr = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    assert "libcurl4" in explain_failure(Path("mongod"), stderr)


def test_a_binary_that_does_not_run_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "mongod"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("MONGOD_BIN", str(broken))
    with pytest.raises(MongoUnavailable, match="does not run here"):
        find_binary()
