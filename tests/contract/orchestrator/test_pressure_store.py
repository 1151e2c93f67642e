"""What every PressureStore promises, on SQLite and on MongoDB, with the log that decisions wait in."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.pressure.learning import PressureLearning
from services.orchestrator.app.pressure.store import PressureStore, TallyKey
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.contact_limits import SERVICE
from services.orchestrator.domain.decision import Mode, PlacementAnswer
from tests.support.decisions import proposition
from tests.support.pressure import DUE_MS, LATER_MS, LEARNING, RECORDED_MS, WINDOW_MS, teaching

KEY = TallyKey(LEARNING, 3)


@pytest.fixture
def pressure(stores: Stores) -> PressureStore:
    return stores.feedback.pressure


@pytest.fixture
def other_pressure(other_stores: Stores) -> PressureStore:
    return other_stores.feedback.pressure


async def test_a_decision_waits_until_its_window_is_over(stores: Stores, pressure: PressureStore) -> None:
    assert await stores.log.append(teaching(1))
    assert await pressure.due(DUE_MS - 1, 10) == ()
    assert await pressure.due(DUE_MS, 10) == ("d_1",)
    assert await pressure.count_waiting() == 1


async def test_a_short_window_has_a_grace_as_short(stores: Stores, pressure: PressureStore) -> None:
    await stores.log.append(teaching(1, window_ms=60_000))
    assert await pressure.due(RECORDED_MS + 119_999, 10) == ()
    assert await pressure.due(RECORDED_MS + 120_000, 10) == ("d_1",)


async def test_those_that_are_due_for_longest_come_first(stores: Stores, pressure: PressureStore) -> None:
    later, first, second = teaching(1, after_ms=3), teaching(2, after_ms=1), teaching(3, after_ms=2)
    await stores.log.append_all([later, first, second])
    assert await pressure.due(LATER_MS, 2) == ("d_2", "d_3")


SILENT = replace(teaching(1).answer, placements=(PlacementAnswer("home"),))
SERVING = replace(
    teaching(1).answer, placements=(PlacementAnswer("home", (replace(proposition(), message_class=SERVICE),)),)
)


@pytest.mark.parametrize(
    "untaught",
    [
        replace(teaching(1), pressure_learning=None),
        replace(teaching(1), answer=SILENT),
        replace(teaching(1), answer=SERVING),
        replace(teaching(1), profile_id=""),
        replace(teaching(1), command=replace(teaching(1).command, mode=Mode.PREFETCH)),
    ],
    ids=["no gaps", "no contact", "service message", "nobody", "prefetched"],
)
async def test_what_teaches_nothing_does_not_wait(
    stores: Stores, pressure: PressureStore, untaught: DecisionRecord
) -> None:
    await stores.log.append(untaught)
    assert await pressure.count_waiting() == 0


async def test_sums_are_added_and_read_by_all_replicas(
    stores: Stores, pressure: PressureStore, other_pressure: PressureStore
) -> None:
    await stores.log.append_all([teaching(1), teaching(2)])
    elsewhere = TallyKey("pressure_2", 3)
    assert await pressure.fold(["d_1"], {KEY: (1.0, 0.1, -2.5), KEY._replace(bucket=0): (4.0, 0.0, 1e-9)})
    assert await other_pressure.fold(["d_2"], {KEY: (1.0, 0.2, 0.5), elsewhere: (7.0, 7.0, 7.0)})
    assert await pressure.tallies("pressure_1") == {3: (2.0, 0.1 + 0.2, -2.0), 0: (4.0, 0.0, 1e-9)}
    assert await other_pressure.tallies("pressure_2") == {3: (7.0, 7.0, 7.0)}
    assert await pressure.tallies("pressure_3") == {}
    assert await pressure.due(LATER_MS, 10) == ()
    assert await pressure.count_waiting() == 0


async def test_what_was_folded_is_not_folded_again(
    stores: Stores, pressure: PressureStore, other_pressure: PressureStore
) -> None:
    await stores.log.append_all([teaching(1), teaching(2)])
    assert await pressure.fold(["d_1"], {KEY: (1.0,)})
    assert not await other_pressure.fold(["d_1"], {KEY: (1.0,)})
    assert not await other_pressure.fold(["d_2", "d_1"], {KEY: (2.0,)}), "one of the two no longer waits"
    assert await pressure.tallies("pressure_1") == {3: (1.0,)}
    assert await pressure.due(LATER_MS, 10) == ("d_2",)


async def test_a_decision_that_taught_nothing_in_the_end_stops_to_wait(stores: Stores, pressure: PressureStore) -> None:
    await stores.log.append(teaching(1))
    assert await pressure.fold(["d_1"], {})
    assert await pressure.count_waiting() == 0
    assert await pressure.tallies("pressure_1") == {}


async def test_replicas_that_fold_at_once_count_each_decision_once(
    stores: Stores, pressure: PressureStore, other_pressure: PressureStore
) -> None:
    await stores.log.append_all([teaching(number) for number in range(60)])

    async def fold_all(one: PressureStore, at_once: int) -> int:
        folded = 0
        while due := await one.due(LATER_MS, at_once):
            sums = {KEY: (float(len(due)), float(sum(int(each.removeprefix("d_")) for each in due)))}
            folded += len(due) if await one.fold(due, sums) else 0
        return folded

    folded = await asyncio.gather(*(fold_all(each, size) for each in (pressure, other_pressure) for size in (1, 3, 7)))
    assert sum(folded) == 60
    assert await pressure.tallies("pressure_1") == {3: (60.0, float(sum(range(60))))}


async def test_of_an_erased_decision_nothing_waits(stores: Stores, pressure: PressureStore) -> None:
    await stores.log.append_all([teaching(1), teaching(2)])
    await stores.erasures.erase(["d_1"])
    assert await pressure.due(LATER_MS, 10) == ("d_2",)
    assert not await pressure.fold(["d_1"], {KEY: (1.0,)})


async def test_a_pruned_decision_waits_no_longer(stores: Stores, pressure: PressureStore) -> None:
    await stores.log.append_all([teaching(1), teaching(2, after_ms=500)])
    assert await stores.index.prune(RECORDED_MS + 1, 10) == 1
    assert await pressure.count_waiting() == 1
    assert await pressure.due(LATER_MS, 10) == ("d_2",)


async def test_those_that_wait_are_counted_by_what_they_will_teach(stores: Stores, pressure: PressureStore) -> None:
    other = replace(teaching(3), pressure_learning=PressureLearning("pressure_2", WINDOW_MS))
    await stores.log.append_all([teaching(1), teaching(2), other])
    keys = (LEARNING, "pressure_2", "pressure_3", None)
    assert [await pressure.count_waiting(key) for key in keys] == [2, 1, 0, 3]
    assert await pressure.fold(["d_1"], {KEY: (1.0,)})
    assert [await pressure.count_waiting(key) for key in keys] == [1, 1, 0, 2]
    await stores.erasures.erase(["d_3"])
    assert [await pressure.count_waiting(key) for key in keys] == [1, 0, 0, 1]


async def test_a_decision_of_another_request_leaves_nothing_behind(stores: Stores, pressure: PressureStore) -> None:
    await stores.log.append(teaching(1))
    assert not await stores.log.append(replace(teaching(2), request_id="r_1"))
    assert await pressure.count_waiting() == 1
