"""Folding what contacts taught, on SQLite and on MongoDB: each counts once, whoever is killed and whoever is down."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.outcome_store import Capture, CapturedOutcome, OutcomeItem
from services.orchestrator.app.ports import ConsentStatement, Identity, ProfileReader
from services.orchestrator.app.pressure.fold import BATCH
from services.orchestrator.app.pressure.samples import samples_of
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.outcome import Effect, Outcome
from services.orchestrator.domain.pressure.tally import BUCKETS, EMPTY, PressureTally, bucket_of
from services.orchestrator.settings import OrchestratorSettings
from shared.errors import Unavailable
from tests.support.decisions import ADA, reward_key_of
from tests.support.pressure import LATER_MS, LEARNING, RECORDED_MS, folding, teaching
from tests.support.profiles import SteppingClock

FOREVER_MS = LATER_MS + 1_000_000


def later() -> int:
    return LATER_MS


def clicked(decision_id: str) -> CapturedOutcome:
    moment = RECORDED_MS + 1_000
    item = OutcomeItem(f"o_{decision_id}", Outcome.CLICKED, "d_1.0.0")
    return CapturedOutcome(item, decision_id, reward_key_of(decision_id), Effect.SUCCEEDED, moment, moment, 0)


async def taught(stores: Stores) -> list[PressureTally]:
    sums = await stores.feedback.pressure.tallies(LEARNING)
    return [PressureTally.from_floats(sums[each]) if each in sums else EMPTY for each in range(BUCKETS)]


async def samples(stores: Stores) -> int:
    return round(sum(float(each.sums[0]) for each in await taught(stores)))


async def test_the_sums_are_those_of_all_contacts_person_by_person(stores: Stores, other_stores: Stores) -> None:
    records = [teaching(number) for number in range(30)]
    await stores.log.append_all(records)
    outcomes = [clicked(each.decision_id) for each in records[::3]]
    await stores.outcomes.append(Capture("CaptureOutcomes", "r", "body", outcomes, {}, lambda _: b""))
    await asyncio.gather(*(folding(each, later)(FOREVER_MS) for each in (stores, other_stores)))
    while await stores.feedback.pressure.due(LATER_MS, 1):
        await folding(stores, later)(FOREVER_MS)
    expected = [EMPTY] * BUCKETS
    for number, each in enumerate(records):
        (sample,) = samples_of(each, [clicked(each.decision_id)] if number % 3 == 0 else [])
        assert sample.responded is (number % 3 == 0)
        bucket = bucket_of(each.profile_id)
        expected[bucket] = expected[bucket].plus(PressureTally.of(sample))
    for found, right in zip(await taught(stores), expected, strict=True):
        np.testing.assert_allclose(found.sums, right.sums, rtol=1e-12)


async def test_a_round_ends_in_time_and_the_next_one_goes_on(stores: Stores) -> None:
    await stores.log.append_all([teaching(number) for number in range(BATCH + 1)])
    moments = iter([LATER_MS] * 3)
    fold = folding(stores, lambda: next(moments, FOREVER_MS))
    await fold(FOREVER_MS)
    assert await samples(stores) == BATCH
    await folding(stores, later)(FOREVER_MS)
    assert await samples(stores) == BATCH + 1


async def test_what_is_not_due_waits(stores: Stores) -> None:
    clock = SteppingClock(RECORDED_MS)
    await stores.log.append(teaching(1))
    await folding(stores, clock)(FOREVER_MS)
    assert await samples(stores) == 0
    clock.now_ms = LATER_MS
    await folding(stores, clock)(FOREVER_MS)
    assert await samples(stores) == 1


@dataclass
class Consents:
    """The profile service, as far as it is asked."""

    is_down: bool = False

    async def consents(
        self, subjects: Sequence[tuple[Identity, ...]], *, deadline_ms: int
    ) -> Sequence[tuple[ConsentStatement, ...] | None]:
        if self.is_down:
            raise Unavailable("DEPENDENCY_UNAVAILABLE", "down")
        return [()] * len(subjects)


def named(number: int) -> DecisionRecord:
    plain = teaching(number)
    return replace(plain, command=replace(plain.command, identities=(ADA,)))


async def test_while_nobody_can_tell_who_may_be_learnt_from_everything_waits(stores: Stores) -> None:
    await stores.log.append(named(1))
    consents = Consents(is_down=True)
    profiles: ProfileReader = consents  # type: ignore[assignment]
    with pytest.raises(Unavailable):
        await folding(stores, later, profiles)(FOREVER_MS)
    assert await samples(stores) == 0
    assert await stores.feedback.pressure.count_waiting() == 1
    consents.is_down = False
    await folding(stores, later, profiles)(FOREVER_MS)
    assert await samples(stores) == 1


DECISIONS = 240
KILLS = 2


async def test_replicas_that_are_killed_count_each_contact_once(stores: Stores, settings: OrchestratorSettings) -> None:
    for start in range(0, DECISIONS, 40):
        await stores.log.append_all([teaching(number) for number in range(start, start + 40)])
    running = [begin(settings), begin(settings)]
    for _ in range(KILLS):
        victim = running.pop(0)
        await has_begun(victim)
        await asyncio.sleep(random.uniform(0.0, 0.1))
        assert victim.poll() is None, "it must be killed at its work"
        victim.kill()
        victim.wait()
        running.append(begin(settings))
    for process in running:
        assert await asyncio.to_thread(process.wait, 120) == 0
    assert await stores.feedback.pressure.due(LATER_MS, 10) == ()
    assert await samples(stores) == DECISIONS


def begin(settings: OrchestratorSettings) -> subprocess.Popen[bytes]:
    where = [str(settings.data_dir)]
    if settings.mongo_uri is not None:
        where += [settings.mongo_uri.get_secret_value(), settings.mongo_database]
    return subprocess.Popen([sys.executable, "-m", "tests.support.pressure_replica", *where], stdout=subprocess.PIPE)


async def has_begun(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await asyncio.to_thread(process.stdout.readline) == b"folding\n"
