"""Write, then decide: with the token of a write, no decision is ever made on less, whichever process makes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.failover import Load
from tests.support.freshness import Callers, Readers, Tally
from tests.support.profile_fleet import profile_fleet
from tests.support.promises import Promise
from tests.support.replica_set import ReplicaSet
from tests.support.replicas import replicated_services
from tests.support.servers import Form, deployed
from tests.support.storages import StorageOf, fresh_storage

CALLERS = 48
PEOPLE = 12
CALM_S = 4.0
"""Between two changes of the primary."""


@asynccontextmanager
async def calling(profiles: Sequence[str], orchestrators: Sequence[str]) -> AsyncIterator[Callers]:
    callers = Callers(profiles, orchestrators)
    await callers.publish()
    yield callers
    await callers.close()


@pytest.mark.parametrize(("kind", "form"), [("sqlite", Form.ONE), ("mongo", Form.FOUR)])
async def test_a_decision_with_the_token_of_a_write_is_never_stale(
    promise: Promise, storage_of: StorageOf, tmp_path: Path, kind: str, form: Form
) -> None:
    # Together 100,000.
    rounds = promise.strength(reduced=100, full=70_000 if kind == "sqlite" else 30_000)
    with storage_of(kind) as storage, deployed(form, storage, tmp_path) as running:
        async with calling([running.addresses["profile"]], [running.addresses["orchestrator"]]) as callers:
            started = time.monotonic()
            tally = await callers.decide_often(rounds, CALLERS)
            seconds = time.monotonic() - started
    assert not tally.stale, tally.stale[:10]
    assert tally.decided == rounds
    promise.figure(f"{kind}-{form}: decisions after a write", rounds)
    promise.figure(f"{kind}-{form}: stale", len(tally.stale))
    promise.figure(f"{kind}-{form}: writes and decisions per second", round(rounds / seconds, 1))


@pytest.mark.parametrize("kind", ["sqlite", "mongo"])
async def test_profile_servers_on_one_store_read_each_others_writes(
    promise: Promise, storage_of: StorageOf, tmp_path: Path, kind: str
) -> None:
    rounds = promise.strength(reduced=100, full=10_000)
    with storage_of(kind) as storage, profile_fleet(2, storage, tmp_path) as servers:
        readers = Readers([server.address for server in servers])
        await readers.publish()
        stale = await readers.write_and_read_often(rounds, CALLERS)
        await readers.close()
    assert stale == []
    promise.figure(f"{kind}-two-servers: reads after a write to the other", rounds)
    promise.figure(f"{kind}-two-servers: stale", len(stale))


async def test_replicas_agree_while_the_primary_changes(
    promise: Promise, replica_set: ReplicaSet, tmp_path: Path
) -> None:
    """A write goes to one process, the decision to another, and MongoDB's primary steps down again and again."""
    rounds = promise.strength(reduced=60, full=6_000)
    with fresh_storage(tmp_path, replica_set.uri) as storage, replicated_services(2, storage, tmp_path) as services:
        profiles = [each.address for each in services.profiles]
        async with calling(profiles, [each.address for each in services.orchestrators]) as callers:
            deciding = asyncio.create_task(callers.decide_often(rounds, CALLERS))
            step_downs = await step_down_until(deciding, replica_set)
    tally = deciding.result()
    assert not tally.stale, tally.stale[:10]
    assert tally.decided == rounds
    assert step_downs
    promise.figure("replicas: decisions after a write", rounds)
    promise.figure("replicas: stale", len(tally.stale))
    promise.figure("replicas: step-downs", step_downs)
    promise.figure("replicas: refused as unavailable, and repeated", tally.unavailable)
    promise.figure("replicas: degraded answers, and asked again", tally.degraded)


async def step_down_until(task: asyncio.Task[Tally], replica_set: ReplicaSet) -> int:
    """Takes the primary away again and again; answers how often."""
    step_downs = 0
    while not task.done():
        await asyncio.to_thread(replica_set.step_down)
        replica_set.revive()  # a mongod that did not survive it
        step_downs += 1
        await asyncio.wait([task], timeout=CALM_S)
    return step_downs


async def test_no_acknowledged_write_is_lost_when_the_primary_goes(
    promise: Promise, replica_set: ReplicaSet, tmp_path: Path
) -> None:
    """Under load on two profile servers it steps down, is killed, freezes while another is elected, and loses both of
    its secondaries for a time: nothing lost, nothing twice, no cap broken, and no refusal but UNAVAILABLE."""
    times = promise.strength(reduced=1, full=8)
    recovered: dict[str, float] = {}
    with fresh_storage(tmp_path, replica_set.uri) as storage, profile_fleet(2, storage, tmp_path) as servers:
        load = Load([server.address for server in servers])
        await load.open()
        load.start(PEOPLE)
        for name, disturb in DISTURBANCES.items():
            recovered[name] = max([await recovery_s(load, disturb(replica_set)) for _ in range(times)])
        await load.stop()
        assert await load.audit() == []
        await load.close()
    assert {refusal.split()[0] for refusal in load.refusals} <= {"UNAVAILABLE"}, load.refusals
    promise.figure("failover: acknowledged writes", len(load.acknowledged_at))
    promise.figure("failover: times each", times)
    for name, seconds in recovered.items():
        promise.figure(f"failover: longest recovery, {name}, s", round(seconds, 2))
    promise.figure("failover: refused as unavailable, and repeated", load.refusals.total())


async def recovery_s(load: Load, disturbance: Awaitable[None]) -> float:
    """The longest time without an acknowledged write, from a disturbance on until there is load again."""
    await asyncio.sleep(CALM_S / 4)
    started = time.monotonic()
    await disturbance
    await load.flows_again()
    return load.longest_silence_s(started, time.monotonic())


async def step_down(replica_set: ReplicaSet) -> None:
    await asyncio.to_thread(replica_set.step_down)
    replica_set.revive()  # a mongod that did not survive it


async def kill(replica_set: ReplicaSet) -> None:
    """Until another is primary and the killed one is back."""
    killed = await asyncio.to_thread(replica_set.kill_primary)
    await asyncio.to_thread(replica_set.other_primary, killed)
    killed.start()
    await asyncio.to_thread(replica_set.wait_for, killed)


async def freeze(replica_set: ReplicaSet) -> None:
    """Until another is primary; then the frozen one goes on where it was, and does not know."""
    frozen = await asyncio.to_thread(replica_set.primary)
    frozen.freeze()
    await asyncio.to_thread(replica_set.other_primary, frozen)
    await asyncio.sleep(CALM_S / 4)
    frozen.thaw()


async def lose_the_majority(replica_set: ReplicaSet) -> None:
    """The primary goes on writing what nobody confirms, until it notices."""
    primary = await asyncio.to_thread(replica_set.primary)
    others = [member for member in replica_set.members if member is not primary]
    for member in others:
        member.freeze()
    await asyncio.sleep(CALM_S)
    for member in others:
        member.thaw()
    await asyncio.to_thread(replica_set.primary)


DISTURBANCES = {
    "step-down": step_down,
    "kill": kill,
    "frozen primary": freeze,
    "4 s without a majority": lose_the_majority,
}
