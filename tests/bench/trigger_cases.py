"""Event-driven rules: events per second of CPU, by what is around them."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.rules.adapters.durable.matcher import DurableMatcher
from services.rules.adapters.durable.options import DurableOptions
from services.rules.app.trigger_ports import (
    HappeningBatch,
    LoggedHappening,
    SubjectFacts,
)
from services.rules.app.triggers.compiled import compiled_program
from services.rules.bootstrap import open_stores
from shared.background import end
from shared.settings import ServiceSettings
from shared.values import Feature, present
from tests.bench.report import Row
from tests.support.trigger_fleet import cpu_s, started, trigger_fleet
from tests.support.trigger_week import rule_set, week
from tests.support.trigger_world import People, World

EVENTS, FULL_EVENTS = 20_000, 200_000
SUBJECTS_PER_EVENT = 0.05
UNIT = "events/s per core"


class PreparedLog(People):
    """All of it known before; facts of the subjects too."""

    def prepare(self, logged: Sequence[LoggedHappening], facts: Mapping[str, Mapping[str, Feature]]) -> None:
        self.log = list(logged)
        self.facts_of = {who: dict(known) for who, known in facts.items()}

    async def read(self, after: str, types: Sequence[str], limit: int) -> HappeningBatch:
        taken = tuple(self.log[int(after) : int(after) + limit])
        return HappeningBatch(taken, taken[-1].position if taken else after, is_end=not taken)

    async def facts(self, profile_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, SubjectFacts]:
        return {each: SubjectFacts(each, self.facts_of[each]) for each in profile_ids}


def cases(mongo_uri: str, *, is_full: bool) -> list[Row]:
    events = FULL_EVENTS if is_full else EVENTS
    rows = []
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as directory:
        folder = Path(directory)
        settings = {"SQLite": ServiceSettings(data_dir=folder)}
        if mongo_uri:
            settings["MongoDB"] = ServiceSettings(
                store="mongo", mongo_uri=mongo_uri, mongo_database="tandem_bench_rules"
            )
        for store, of_store in settings.items():
            rate = asyncio.run(_alone(of_store, events))
            rows.append(Row(f"40 triggers, log and facts in memory, {store}", UNIT, rate))
        rows.append(Row("40 triggers, profile service apart, SQLite", UNIT, _apart(folder / "apart", events)))
    return rows


async def _alone(settings: ServiceSettings, events: int) -> float:
    """The CPU is that of this process and of its workers."""
    now_ms = time.time_ns() // 1_000_000
    log = week(int(events * SUBJECTS_PER_EVENT), events, now_ms)
    people = PreparedLog()
    logged = [LoggedHappening(str(number), now_ms, each) for number, each in enumerate(log.events, 1)]
    people.prepare(logged, {who: {name: present(v) for name, v in own.items()} for who, own in log.facts.items()})
    async with AsyncExitStack() as stack:
        stores = (await open_stores(settings, stack)).triggers
        matcher = DurableMatcher(DurableOptions())
        stack.push_async_callback(matcher.close)
        program = compiled_program(rule_set(), "rs_1")
        await stores.activations.activate("rs_1", "bench", now_ms, "0")
        world = World(stores, {"rs_1": program}, people=people, matcher=matcher, now_ms=[now_ms])
        consumer, _ = world.open()
        await matcher.load(program.needs.rules)
        before = _cpu_s(matcher)
        running = asyncio.create_task(consumer.run())
        while int((await stores.states.head()).progress.position) < events:  # noqa: ASYNC110 - the store changes
            await asyncio.sleep(0.05)
        used = _cpu_s(matcher) - before
        await end(running)
    return events / used


def _cpu_s(matcher: DurableMatcher) -> float:
    return time.process_time() + sum(map(cpu_s, matcher.pool.pids))


def _apart(folder: Path, events: int) -> float:
    log = week(int(events * SUBJECTS_PER_EVENT), events, time.time_ns() // 1_000_000)
    folder.mkdir()
    with trigger_fleet(folder, folder) as fleet:
        started(fleet.profile)
        started(fleet.rules)
        fleet.tell_what_fires()
        fleet.rules.stop()
        fleet.record(log)
        started(fleet.rules)
        assert fleet.rules.process is not None
        pids = [fleet.rules.process.pid]
        before = sum(map(cpu_s, pids))
        while fleet.position() < events:
            time.sleep(0.1)
        return events / (sum(map(cpu_s, [*pids, *fleet.workers])) - before)
