"""Budgets are never exceeded, by however many replicas and whoever is killed, and they are spent where they bring most.

A simulated day: decisions of three replicas with a clock of their own, through the real accounts in the real store, in
which traffic that nobody foresaw comes for an hour. Two days before it teach the traffic and the price.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.bootstrap import open_stores
from services.orchestrator.domain.volume.account import AccountKey
from services.orchestrator.domain.volume.resources import Pacing, Resource, ResourceKind, in_units
from services.orchestrator.settings import OrchestratorSettings
from shared.settings import StoreKind
from tests.support.promises import Promise
from tests.support.storages import StorageOf
from tests.support.volume import beat, first_come, holding, offline_optimum, units

BUDGET = 10_000.0
REPLICAS = 3
DAY_MS = 86_400_000
START = 20_000 * DAY_MS
SPIKE_HOUR, SPIKE = 12, 4.0
"""Times as much as usual comes in this hour."""
LARGEST = 3.0


@dataclass(frozen=True, slots=True)
class Day:
    """By decision, in order of time: when, what the contact would bring, what it costs."""

    time_ms: np.ndarray
    value: np.ndarray
    use: np.ndarray


def day(number: int, decisions: int, *, spikes: bool) -> Day:
    """Most come in the evening. Values scatter by a factor of three either way."""
    random_state = np.random.default_rng(number)
    hours = np.arange(24)
    share = 1 + 0.8 * np.sin((hours - 13) / 24 * 2 * np.pi)
    usual = share / share.sum() * decisions
    if spikes:
        usual[SPIKE_HOUR] *= SPIKE
    counts = random_state.poisson(usual)
    time_h = np.concatenate(
        [np.sort(random_state.uniform(hour, hour + 1, n)) for hour, n in zip(hours, counts, strict=True)]
    )
    use = random_state.choice([0.5, 1.0, 2.0, LARGEST], time_h.size)
    value = random_state.lognormal(0.0, 1.0, time_h.size) * np.sqrt(use)
    return Day(START + number * DAY_MS + (time_h * 3_600_000).astype(np.int64), value, use)


@dataclass(slots=True)
class Spent:
    value: float = 0.0
    units: float = 0.0
    worst_share: float = 0.0
    """The most that was committed at any look, as a share of the amount."""


async def live(bank: ResourceBank, resource: Resource, of: Day, beat_ms: int) -> Spent:
    """One day: each decision by one of the replicas, which takes what is worth more than its price."""
    replicas = [await holding(bank, resource, int(of.time_ms[0]), units(LARGEST), 3 * beat_ms) for _ in range(REPLICAS)]
    spent, next_beat = Spent(), int(of.time_ms[0])
    rows = zip(of.time_ms.tolist(), of.value.tolist(), of.use.tolist(), strict=True)
    for number, (now_ms, value, use) in enumerate(rows):
        while now_ms >= next_beat:
            for replica in replicas:
                await beat(bank, replica, next_beat)
            spent.worst_share = max(spent.worst_share, replicas[-1].account.bound / resource.amount)
            next_beat += beat_ms
        replica = replicas[number % REPLICAS]
        price = replica.account.pace.price
        took = value > price * use and units(use) <= replica.room and await replica.take(units(use), now_ms)
        replica.saw(value / use if took else None)
        if took:
            spent.value += value
            spent.units += use
    for replica in replicas:
        await beat(bank, replica, int(of.time_ms[-1]) + 1_000)
        await replica.close()
    return spent


@pytest.fixture(params=["sqlite", "mongo"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def stored(storage_of: StorageOf, kind: str) -> AsyncIterator[tuple[ResourceBank, OrchestratorSettings]]:
    with storage_of(kind) as storage:
        settings = OrchestratorSettings(data_dir=storage.folder)
        if kind == "mongo":
            settings = OrchestratorSettings(
                store=StoreKind.MONGO, mongo_uri=storage.mongo_uri, mongo_database=storage.database
            )
        async with AsyncExitStack() as stack:
            yield (await open_stores(settings, stack)).bank, settings


async def test_a_budget_of_a_day_is_spent_where_it_brings_most_and_never_exceeded(
    promise: Promise, storage_of: StorageOf, kind: str
) -> None:
    decisions = promise.strength(reduced=3_000, full=100_000 if kind == "sqlite" else 30_000)
    amount = BUDGET * min(1.0, decisions / 50_000)
    beat_ms = max(1_000, 86_400_000 // decisions * 20)
    daily = Resource("mail", ResourceKind.BUDGET, units(amount), Pacing.TRAFFIC, calendar="DAY")
    async with stored(storage_of, kind) as (bank, _):
        for before in (0, 1):
            await live(bank, daily, day(before, decisions, spikes=False), beat_ms)
        today = day(2, decisions, spikes=True)
        spent = await live(bank, daily, today, beat_ms)
        key = AccountKey("mail", START + 2 * DAY_MS)
        account = (await bank.read([key]))[key]
    best, greedy = offline_optimum(today.value, today.use, amount), first_come(today.value, today.use, amount)
    assert spent.units <= amount
    assert spent.worst_share <= 1.0
    assert in_units(account.committed) == pytest.approx(spent.units)
    assert spent.value > greedy
    promise.figure(f"{kind}: decisions of the day", int(today.value.size))
    promise.figure(f"{kind}: budget", amount)
    promise.figure(f"{kind}: spent", round(spent.units, 1))
    promise.figure(f"{kind}: value as a share of the optimum in hindsight", round(spent.value / best, 4))
    promise.figure(f"{kind}: value of first come, first served, likewise", round(greedy / best, 4))
    assert spent.value >= 0.95 * best


async def test_killed_replicas_never_let_a_unit_too_many_out(
    promise: Promise, storage_of: StorageOf, kind: str, tmp_path: Path
) -> None:
    """Two processes at a time take units and are killed at random; what each told it had is counted outside."""
    kills = promise.strength(reduced=2, full=30)
    amount = 2_000 * kills
    async with stored(storage_of, kind) as (bank, settings):
        told, lost = 0, 0
        outputs = [tmp_path / f"{number}.txt" for number in range(kills + 2)]
        running = [start(settings, amount, outputs[0]), start(settings, amount, outputs[1])]
        for number in range(kills):
            victim = running.pop(0)
            await has_begun(outputs[number])
            await asyncio.sleep(random.uniform(0.0, 0.3))
            assert victim.poll() is None, "it must be killed at its work"
            victim.kill()
            victim.wait()
            running.append(start(settings, amount, outputs[number + 2]))
        for process in running:
            await asyncio.to_thread(process.wait, 300)
        told = sum(path.read_text().count("1\n") for path in outputs)
        key = AccountKey("offer", 0)
        account = (await bank.read([key]))[key]
        lost = round(in_units(account.bound)) - told
    assert told <= amount
    assert account.free >= 0
    assert lost >= 0, "every unit that was told is accounted for"
    promise.figure(f"{kind}: replicas killed", kills)
    promise.figure(f"{kind}: units of {amount} that somebody had", told)
    promise.figure(f"{kind}: units lost with the killed", lost)


def start(settings: OrchestratorSettings, amount: int, output: Path) -> subprocess.Popen[bytes]:
    where = [str(settings.data_dir), str(amount)]
    if settings.mongo_uri is not None:
        where += [settings.mongo_uri.get_secret_value(), settings.mongo_database]
    with output.open("wb") as file:
        return subprocess.Popen([sys.executable, "-m", "tests.support.volume_replica", *where], stdout=file)


async def has_begun(output: Path) -> None:
    async with asyncio.timeout(60):
        while not output.stat().st_size:  # noqa: ASYNC110, ASYNC240  another process writes it
            await asyncio.sleep(0.01)
