"""What ends a worker does not end the service: every message is answered, and none wrongly."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from services.rules.adapters.durable.matcher import DurableMatcher
from services.rules.adapters.durable.options import DurableOptions
from services.rules.adapters.durable.worker_process import WorkerDied, WorkerProcess
from services.rules.domain.matching import Message, Unmatched
from services.rules.durable_worker.wire import Load, Match, Shard
from shared.errors import NotFound, Unavailable
from tests.support.durable import POISONS, Poison, definition, durable_matcher
from tests.support.durable_conditions import RandomRules, satisfied
from tests.support.source import ROOT

QUICK = DurableOptions(workers=1, deadline_s=0.7, patience_s=60)
AT_LOAD = {name: poison for name, poison in POISONS.items() if poison.dies_at_load}
BY_MESSAGE = {name: poison for name, poison in POISONS.items() if not poison.dies_at_load}


@pytest.mark.parametrize("poison", AT_LOAD.values(), ids=AT_LOAD.keys())
async def test_rules_that_the_engine_does_not_survive_are_found_out_in_a_worker_of_their_own(poison: Poison) -> None:
    async with durable_matcher(QUICK) as matcher:
        with pytest.raises(WorkerDied) as death:
            await matcher.pool.prove(poison.load("poison"), len(poison.fields))
        assert death.value.cause == poison.cause or poison.is_memory_corruption
        assert matcher.pool.pids == []


@pytest.mark.parametrize("poison", BY_MESSAGE.values(), ids=BY_MESSAGE.keys())
async def test_a_message_that_ends_two_workers_is_refused_and_all_others_are_answered(poison: Poison) -> None:
    harmless = (None,) * len(poison.fields)
    async with durable_matcher(QUICK) as matcher:
        rules = RandomRules(1).rules("good", 20)
        await matcher.load(rules)
        matcher.pool.load(poison.load("poison"))
        messages = [harmless] * 5 + [poison.fields] + [harmless] * 5
        answers = await matcher.pool.match("poison", messages)
        assert [isinstance(answer, Unmatched) for answer in answers] == [fields is poison.fields for fields in messages]
        before = matcher.pool.pids
        (again,) = await matcher.pool.match("poison", [poison.fields])
        assert isinstance(again, Unmatched)
        message = RandomRules(2).message()
        assert await matcher.match("good", [message]) == [satisfied(rules, message)]
        assert matcher.pool.pids == before or not before, "a message known to be poison ended another worker"


@pytest.mark.parametrize("name", ["division by zero", "infinity", "512 values of one field"])
async def test_a_worker_says_with_which_message_it_died(name: str) -> None:
    poison = POISONS[name]
    worker = await WorkerProcess.start(QUICK)
    harmless = (None,) * len(poison.fields)
    await worker.ask(poison.load("v"))
    with pytest.raises(WorkerDied) as death:
        await worker.ask(Match("v", (harmless, harmless, poison.fields, harmless)))
    assert (death.value.cause, death.value.index, death.value.is_blamed) == (poison.cause, 2, True)
    await worker.close()


async def test_workers_killed_at_random_moments_leave_no_message_unanswered() -> None:
    randomness = random.Random(3)
    generator = RandomRules(4)
    rules = generator.rules("v", 60)
    messages = [generator.message() for _ in range(50)]
    expected = [satisfied(rules, message) for message in messages]
    async with durable_matcher(DurableOptions(workers=2, patience_s=60)) as matcher:
        await matcher.load(rules)
        kills = 0
        finish = time.monotonic() + 2
        while time.monotonic() < finish or not kills:
            matching = asyncio.create_task(_match(matcher, messages))
            await asyncio.sleep(randomness.random() * 0.05)
            for pid in matcher.pool.pids:
                kills += _kill(pid)
            assert await matching == expected


async def _match(matcher: DurableMatcher, messages: Sequence[Message]) -> list[frozenset[str] | Unmatched]:
    return [*await matcher.match("v", messages[:25]), *await matcher.match("v", messages[25:])]


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


async def test_who_asks_at_the_same_time_gets_his_own_answer() -> None:
    generator = RandomRules(5)
    rules = [generator.rules(f"v{number}", 20) for number in range(3)]
    asked = [(random.Random(number).choice(rules), generator.message()) for number in range(300)]
    async with durable_matcher(DurableOptions(workers=2, patience_s=60)) as matcher:
        for each in rules:
            await matcher.load(each)
        answers = await asyncio.gather(*(matcher.match(each.version, [message]) for each, message in asked))
    assert [answer for (answer,) in answers] == [satisfied(each, message) for each, message in asked]


async def test_a_worker_that_holds_too_much_memory_is_replaced() -> None:
    generator = RandomRules(6)
    rules = generator.rules("v", 10)
    messages = [generator.message() for _ in range(3)]
    async with durable_matcher(_Recycling(patience_s=60)) as matcher:
        await matcher.load(rules)
        seen = set()
        for message in messages:
            assert await matcher.match("v", [message]) == [satisfied(rules, message)]
            await asyncio.sleep(0.5)
            seen.update(matcher.pool.pids)
        assert len(seen) > 1


class _Recycling(DurableOptions):
    """Every answer is too much."""

    @property
    def growth_bytes(self) -> int:
        return -1


async def test_a_worker_cannot_take_more_memory_than_it_may() -> None:
    options = DurableOptions(workers=1, memory_bytes=100 * 2**20, deadline_s=5)
    worker = await WorkerProcess.start(options)
    hungry = definition(*({"$and": [{"_": 1}, {"a": i}]} for i in range(60)))
    with pytest.raises(WorkerDied):
        await _load_often(worker, Shard(hungry, (0,)))
    await worker.close()


async def _load_often(worker: WorkerProcess, shard: Shard) -> None:
    for number in range(200):
        await worker.ask(Load(f"v{number}", (shard,) * 20))


async def test_an_unloaded_version_is_not_found_and_leaves_the_others() -> None:
    generator = RandomRules(7)
    first, second = generator.rules("first", 10), generator.rules("second", 10)
    message = generator.message()
    async with durable_matcher() as matcher:
        await matcher.load(first)
        await matcher.load(second)
        await matcher.match("first", [message])
        await matcher.unload("first")
        with pytest.raises(NotFound):
            await matcher.match("first", [message])
        assert await matcher.match("second", [message]) == [satisfied(second, message)]


async def test_a_version_that_is_unloaded_and_loaded_again_answers_by_its_new_rules() -> None:
    generator = RandomRules(8)
    message = generator.message()
    async with durable_matcher() as matcher:
        for _ in range(3):
            rules = generator.rules("v", 30)
            await matcher.load(rules)
            assert await matcher.match("v", [message]) == [satisfied(rules, message)]
            await matcher.unload("v")


async def test_without_a_worker_a_caller_is_told_so_in_time() -> None:
    generator = RandomRules(9)
    async with durable_matcher(DurableOptions(workers=1, patience_s=0.3)) as matcher:
        await matcher.load(generator.rules("v", 5))
        await asyncio.to_thread(wait_until, lambda: bool(matcher.pool.pids))
        os.kill(matcher.pool.pids[0], signal.SIGSTOP)
        with pytest.raises(Unavailable):
            await matcher.match("v", [generator.message()])


async def test_closing_leaves_no_process() -> None:
    async with durable_matcher(DurableOptions(workers=2)) as matcher:
        generator = RandomRules(10)
        await matcher.load(generator.rules("v", 5))
        await matcher.match("v", [generator.message() for _ in range(10)])
        pids = matcher.pool.pids
        assert pids
    assert [pid for pid in pids if _is_alive(pid)] == []


ORPHANING = """
import asyncio, os, signal, sys
from services.rules.adapters.durable.options import DurableOptions
from services.rules.adapters.durable.worker_process import WorkerProcess
from services.rules.durable_worker.wire import Load, Match, Shard
from tests.support.durable import POISONS

async def main():
    options = DurableOptions(deadline_s=1)
    idle = await WorkerProcess.start(options)
    await idle.ask(Load("v", ()))
    hanging = await WorkerProcess.start(options)
    poison = POISONS["512 values of one field"]
    await hanging.ask(poison.load("v"))
    print(idle.pid, hanging.pid, flush=True)
    asyncio.get_running_loop().call_later(0.3, os.kill, os.getpid(), signal.SIGKILL)
    await hanging.ask(Match("v", (poison.fields,)))

asyncio.run(main())
"""


def test_workers_end_with_their_parent_even_if_they_hang() -> None:
    path = os.pathsep.join((str(ROOT), str(ROOT / "shared" / "gen")))
    parent = subprocess.run(
        [sys.executable, "-c", ORPHANING],
        cwd=ROOT,
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    pids = [int(pid) for pid in parent.stdout.split()]
    assert len(pids) == 2
    wait_until(lambda: not any(_is_alive(pid) for pid in pids))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline, "never"
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


async def test_a_worker_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_RULES_BEARER_TOKEN", "secret")
    worker = await WorkerProcess.start(QUICK)
    await worker.ask(Load("v", ()))
    environment = await asyncio.to_thread(Path(f"/proc/{worker.pid}/environ").read_bytes)
    assert b"secret" not in environment
    await worker.close()
