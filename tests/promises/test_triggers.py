"""Each cause fires once: through killed workers, killed services, late and shuffled events; and what fires is what the
contract says."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from pathlib import Path

from tests.support.promises import Promise
from tests.support.trigger_fleet import Fleet, Killer, cpu_s, memory_mb, started, trigger_fleet
from tests.support.trigger_week import TRIGGERS, Told, Week, expected, week

SEED = 20
TENTHS = 10


def test_what_fires_is_the_same_whatever_is_killed(promise: Promise, tmp_path: Path) -> None:
    events = promise.strength(reduced=1_000, full=1_000_000)
    people = promise.strength(reduced=80, full=50_000)
    workers = promise.strength(reduced=4, full=200)
    services = promise.strength(reduced=2, full=20)
    log = week(people, events, time.time_ns() // 1_000_000)
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    log, who = recorded(log, calm, tmp_path)
    shutil.copytree(calm, stormy)
    undisturbed = calmly(promise, calm, log, who)
    with trigger_fleet(stormy, tmp_path) as fleet:
        started(fleet.profile)
        started(fleet.rules)
        killer = Killer(fleet, events, random.Random(SEED))
        killer.kill_while_it_works(workers, services)
        until_done(fleet, log)
        disturbed, hesitating = fleet.fired(who), fleet.hesitating(who)
    promise.figure("triggers", len(TRIGGERS))
    promise.figure("events", events)
    promise.figure("people", people)
    promise.figure("workers killed", killer.killed["worker"])
    promise.figure("services killed", killer.killed["service"])
    promise.figure("fired", undisturbed[0].total())
    assert (disturbed - undisturbed[0], undisturbed[0] - disturbed) == (Counter(), Counter())
    assert hesitating == undisturbed[1]
    should = expected(log, time.time_ns() // 1_000_000)
    emitted = Counter({each: count for each, count in should.items() if each[2] != "hesitates"})
    assert (emitted - disturbed, disturbed - emitted) == (Counter(), Counter())
    assert hesitating == {each[1] for each in should if each[2] == "hesitates"}
    assert {each[0] for each in disturbed} >= {"then_view", "cart_add_alone", "helped"}


def recorded(log: Week, folder: Path, logs: Path) -> tuple[Week, dict[str, str]]:
    """The triggers are active, and the whole log is there before the first of it is read."""
    with trigger_fleet(folder, logs) as fleet:
        started(fleet.profile)
        started(fleet.rules)
        fleet.tell_what_fires()
        fleet.rules.stop()
        who = fleet.record(log)
        log = fleet.as_logged(log)
        fleet.profile.stop()
    return log, who


def calmly(promise: Promise, folder: Path, log: Week, who: dict[str, str]) -> tuple[Counter[Told], set[str]]:
    with trigger_fleet(folder, folder.parent) as fleet:
        started(fleet.profile)
        started(fleet.rules)
        assert fleet.rules.process is not None
        pid, begun = fleet.rules.process.pid, time.monotonic()
        memory = []
        for tenth in range(1, TENTHS + 1):
            while fleet.position() < len(log.events) * tenth // TENTHS:
                time.sleep(0.05)
            memory.append(round(memory_mb(pid)))
        read_s, cpu = time.monotonic() - begun, sum(map(cpu_s, [pid, *fleet.workers]))
        until_done(fleet, log)
        memory.append(round(memory_mb(pid)))
        answer = fleet.fired(who), fleet.hesitating(who)
    promise.figure("events/s", round(len(log.events) / read_s))
    promise.figure("events/s per core of the rules service and its workers", round(len(log.events) / cpu))
    promise.figure("MB of memory at each tenth of the log, and at the end", " ".join(map(str, memory)))
    assert max(memory[TENTHS // 2 :]) <= 1.3 * memory[TENTHS // 2 - 1] + 20, memory
    return answer


def until_done(fleet: Fleet, log: Week) -> None:
    while not fleet.is_done(len(log.events)):
        assert fleet.rules.is_running, fleet.rules.last_words()
        time.sleep(0.1)
