"""Servers that Tandem does not start on: none, a standalone one, an address that is none."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import mongo
from shared.errors import StartupError, Unavailable
from shared.mongo import MongoDatabase, MongoSchema
from tests.support.mongod import MongoUnavailable, find_binary

SCHEMA = MongoSchema("numbers", 1)


async def test_address_without_a_server_is_unavailable_within_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo, "OPERATION_TIMEOUT_MS", 200)
    started = asyncio.get_running_loop().time()
    with pytest.raises(Unavailable) as caught:
        await MongoDatabase.open("mongodb://user:passw0rd@127.0.0.1:9", "x", schema=SCHEMA)
    assert asyncio.get_running_loop().time() - started < 5
    assert caught.value.metadata == {"store": "numbers"}
    assert "passw0rd" not in caught.value.message


@pytest.mark.parametrize("uri", ["http://localhost", "mongodb://", "mongodb://h:port", ""])
async def test_text_that_is_no_uri_is_refused_with_a_sentence(uri: str) -> None:
    with pytest.raises(StartupError, match="MongoDB URI of the numbers store"):
        await MongoDatabase.open(uri, "x", schema=SCHEMA)


@pytest.fixture
def standalone_uri(mongo_uri: str, tmp_path: Path) -> Iterator[str]:
    """A server without a replica set. `mongo_uri` decides whether its absence is a skip or a failure."""
    try:
        binary = find_binary()
    except MongoUnavailable as missing:
        pytest.skip(f"only an external server: {missing}")
    socket = tmp_path / "mongod.sock"
    process = subprocess.Popen(
        [str(binary), "--dbpath", str(tmp_path), "--bind_ip", str(socket), "--wiredTigerCacheSizeGB", "0.25"],
        stdout=subprocess.DEVNULL,
    )
    yield f"mongodb://{str(socket).replace('/', '%2F')}"
    process.terminate()
    process.wait(30)


async def test_standalone_server_is_refused_with_what_to_do(standalone_uri: str) -> None:
    with pytest.raises(StartupError, match=r"standalone.*--replSet rs0"):
        await MongoDatabase.open(standalone_uri, "x", schema=SCHEMA)
