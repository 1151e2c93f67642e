"""Two profile servers on one store, one of which is killed again and again while both write to the same people."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.support.failover import Load
from tests.support.profile_fleet import profile_fleet
from tests.support.servers import ServerProcess
from tests.support.storages import StorageOf

PEOPLE = 6
KILLS = 2
LONGEST_SILENCE_S = 20.0
"""MongoDB itself would keep what the killed server had locked for a minute. On an idle machine it is about three."""


@pytest.mark.parametrize("kind", ["sqlite", "mongo"])
async def test_a_killed_server_loses_nothing_and_holds_nobody_up(
    storage_of: StorageOf, tmp_path: Path, kind: str
) -> None:
    with storage_of(kind) as storage, profile_fleet(2, storage, tmp_path) as servers:
        load = Load([server.address for server in servers])
        await load.open()
        load.start(PEOPLE)
        started = time.monotonic()
        for number in range(KILLS):
            await load.flows_again()
            await killed_and_started_again(servers[number % len(servers)], load)
        await load.flows_again()
        silence_s = load.longest_silence_s(started, time.monotonic())
        await load.stop()
        assert await load.audit() == []
        await load.close()
    assert {refusal.split()[0] for refusal in load.refusals} <= {"UNAVAILABLE"}, load.refusals
    assert silence_s < LONGEST_SILENCE_S


async def killed_and_started_again(server: ServerProcess, load: Load) -> None:
    server.kill()
    await load.flows_again()  # by the other one alone
    server.start()
    await asyncio.to_thread(server.wait_until_serving)
