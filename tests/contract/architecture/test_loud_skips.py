"""A run without MongoDB says so in one line nobody misses, or fails where MongoDB is required."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.source import ROOT

NEEDS_MONGO = "tests/contract/test_mongo_server.py::test_server_is_a_replica_set_that_commits_transactions"


def run_without_mongo(**environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key != "STORE_TEST_MONGO_URI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", NEEDS_MONGO],
        cwd=ROOT,
        env=inherited | {"MONGOD_BIN": "nonexistent", "REQUIRE_MONGO": "0"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_without_mongo_says_so_loudly() -> None:
    run = run_without_mongo()
    assert run.returncode == 0
    assert "MONGO BACKEND NOT TESTED: 1 tests skipped" in run.stdout


def test_a_run_that_requires_mongo_fails_without_it() -> None:
    run = run_without_mongo(REQUIRE_MONGO="1")
    assert run.returncode == 1
    assert "REQUIRE_MONGO=1, but nonexistent does not run" in run.stdout
