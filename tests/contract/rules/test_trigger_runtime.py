"""What working through triggers promises: each cause fires once, whoever works and whatever fails in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from services.rules.app.trigger_store import TriggerStores
from services.rules.app.triggers.compiled import CompiledProgram
from services.rules.app.triggers.program import Facts, Steps
from services.rules.domain.matching import Message
from services.rules.domain.triggers.declaration import Emit, EventMatch, Pattern, PatternKind
from services.rules.domain.triggers.outcome import Happening
from services.rules.domain.triggers.state import SubjectState
from shared.background import end
from shared.clock import MS_PER_DAY
from shared.errors import FailedPrecondition, Unavailable
from tests.support.kleene_matcher import KleeneMatcher
from tests.support.sample_triggers import (
    CARTS,
    HOUR_MS,
    MORNING,
    RESTOCK,
    RISK,
    TERMS,
    event,
    program,
    told,
    world_with,
)
from tests.support.trigger_world import START_MS, UNAVAILABLE, World


@pytest.fixture
def stores(trigger_stores: TriggerStores) -> TriggerStores:
    return trigger_stores


async def test_events_fire_what_they_complete_and_nothing_fires_twice(stores: TriggerStores) -> None:
    world = await world_with(stores, CARTS)
    world.people.records(*(event(number, "cart_add", minutes=number) for number in range(7)))
    assert told(await world.work()) == [("ann", "three_carts", "e2"), ("ann", "three_carts", "e5")]
    assert told(await world.replica().work()) == [("ann", "three_carts", "e2"), ("ann", "three_carts", "e5")]


async def test_open_patterns_outlive_the_process(stores: TriggerStores) -> None:
    world = await world_with(stores, CARTS)
    for number in range(3):
        world.people.records(event(number, "cart_add", minutes=number))
        fired = await world.replica().work()
    assert told(fired) == [("ann", "three_carts", "e2")]


async def test_events_before_the_first_activation_fire_nothing(stores: TriggerStores) -> None:
    world = World(stores, {"rs_1": program(CARTS)})
    world.people.records(event(0, "cart_add"), event(1, "cart_add"))
    await world.activate()
    world.people.records(event(2, "cart_add"))
    assert await world.work() == []


async def test_an_activation_takes_over_and_open_patterns_go_on(stores: TriggerStores) -> None:
    world = await world_with(stores, CARTS)
    world = replace(world, programs={**world.programs, "rs_2": program(TERMS, CARTS, version="rs_2")})
    world.people.records(event(0, "cart_add"), event(1, "cart_add"))
    await world.work()
    world.now_ms[0] += 1
    await world.activate("rs_2")
    world.people.records(event(2, "cart_add"))
    fired = await world.work()
    assert [(each.name, each.rule_set_version) for each in fired] == [("three_carts", "rs_2")]


async def test_timers_wait_for_their_time_and_for_the_end_of_the_log(stores: TriggerStores) -> None:
    world = await world_with(stores, TERMS)
    world.people.records(event(0, "terms_page"), event(1, "terms_page", who="bob"))
    assert await world.work() == []
    world.now_ms[0] += 3 * HOUR_MS
    # Recorded after the timer was due, and yet in the log: it calls ann's off.
    world.people.records(event(2, "renewal", minutes=30))
    world = world.replica(options=replace(world.options, batch=1))
    assert told(await world.work()) == [("bob", "no_renewal", "e1"), ("bob", "at_risk", "e1")]


async def test_inferred_traits_are_brought_to_the_profile_service(stores: TriggerStores) -> None:
    world = await world_with(stores, TERMS)
    world.people.records(event(0, "terms_page"), event(1, "terms_page", who="bob"))
    world.now_ms[0] += 3 * HOUR_MS
    world.people.failures = [UNAVAILABLE]
    await world.work()
    written = {(each.profile_id, each.trait, each.value, each.observed_ms) for each in world.people.written}
    assert written == {(who, "at_risk", True, START_MS + 2 * HOUR_MS) for who in ("ann", "bob")}
    assert len(world.people.written) == 2
    assert world.notes.pending == 0


async def test_a_trait_that_is_refused_for_good_does_not_hold_up_the_others(stores: TriggerStores) -> None:
    world = await world_with(stores, TERMS)
    world.people.records(event(0, "terms_page"), event(1, "terms_page", who="bob"))
    world.people.refusals["ann"] = FailedPrecondition("SUBJECT_ERASED", "gone")
    world.now_ms[0] += 3 * HOUR_MS
    await world.work()
    assert [each.profile_id for each in world.people.written] == ["bob"]
    assert world.notes.refused == {"SUBJECT_ERASED": 1}


async def test_what_one_trigger_infers_another_sees_at_once(stores: TriggerStores) -> None:
    world = await world_with(stores, TERMS, RISK)
    world.people.records(event(0, "terms_page"))
    world.now_ms[0] += 3 * HOUR_MS
    await world.work()
    world.people.records(event(1, "call", minutes=150), event(2, "call", who="bob", minutes=150))
    assert ("ann", "risky_call", "e1") in told(await world.work())


@pytest.mark.parametrize("batch", [2, 500])
async def test_an_event_about_a_thing_reaches_everybody_who_waits(stores: TriggerStores, batch: int) -> None:
    world = replace(await world_with(stores, RESTOCK), options=replace(World(stores, {}).options, batch=batch))
    people = [f"p{number}" for number in range(7)]
    world.people.records(*(event(number, "alert", who) for number, who in enumerate(people)))
    world.people.records(event(7, "alert", "other", sku="coffee"))
    world.people.records(event(8, "restocked", "", minutes=5), event(9, "restocked", "", minutes=6))
    fired = await world.work()
    assert sorted(told(fired)) == [(who, "back_in_stock", "e8") for who in people]
    assert (await stores.states.sizes(0)).waiting == 1


async def test_an_event_about_a_thing_comes_after_what_was_recorded_before(stores: TriggerStores) -> None:
    world = await world_with(stores, RESTOCK)
    world.people.records(event(0, "restocked", "", minutes=0), event(1, "alert", minutes=1))
    world.people.records(event(2, "alert", "bob", minutes=2), event(3, "restocked", "bob", minutes=3))
    assert sorted(told(await world.work())) == [("ann", "back_in_stock", "e3"), ("bob", "back_in_stock", "e3")]


async def test_who_waits_for_a_thing_by_two_triggers_has_its_event_once_for_each(stores: TriggerStores) -> None:
    other = replace(RESTOCK, trigger_id="also", effects=(Emit("also_back"),))
    world = await world_with(stores, RESTOCK, other)
    world.people.records(event(0, "alert", minutes=0), event(1, "alert", minutes=1))
    world.people.records(event(2, "restocked", "", minutes=5))
    assert sorted(told(await world.work())) == [("ann", "also_back", "e2"), ("ann", "back_in_stock", "e2")]


async def test_a_crash_within_a_fan_out_goes_on_where_it_was(stores: TriggerStores) -> None:
    world = await world_with(stores, RESTOCK)
    small = replace(world.options, batch=2)
    world.people.records(*(event(number, "alert", f"p{number}") for number in range(5)))
    await world.work()
    world.people.records(event(8, "restocked", ""))
    consumer, _ = world.replica(options=small).open()
    running = asyncio.create_task(consumer.run())
    while (await stores.states.head()).progress.fan_out is None:  # noqa: ASYNC110 - the store is what changes
        await asyncio.sleep(0)
    await end(running)
    fired = await world.replica(options=small).work()
    assert sorted(told(fired)) == [(f"p{number}", "back_in_stock", "e8") for number in range(5)]


async def test_a_moment_of_a_schedule_comes_to_each_subject_once(stores: TriggerStores) -> None:
    world = await world_with(stores, MORNING)
    for number in range(5):
        world.people.knows(f"p{number}", vip=number != 2)
    assert await world.work() == []
    world.now_ms[0] += 10 * HOUR_MS
    small = replace(world.options, batch=2)
    fired = await world.replica(options=small).work()
    assert [each.profile_id for each in fired] == ["p0", "p1", "p3", "p4"]
    assert await world.replica().work() == fired
    assert set(world.people.conditions) == {"vip"}


async def test_a_condition_that_the_profile_service_refuses_asks_everybody(stores: TriggerStores) -> None:
    world = await world_with(stores, MORNING)
    world.people.knows("p1", vip=True)
    world.people.knows("p2", vip=False)
    world.people.refused_condition = "vip"
    world.now_ms[0] += 10 * HOUR_MS
    assert [each.profile_id for each in await world.work()] == ["p1"]


async def test_moments_missed_for_a_day_are_caught_up_and_older_ones_are_skipped(stores: TriggerStores) -> None:
    world = await world_with(stores, MORNING)
    world.people.knows("p1", vip=True)
    world.now_ms[0] += 5 * MS_PER_DAY
    fired = await world.work()
    assert [each.fired_ms for each in fired] == [START_MS + 4 * MS_PER_DAY + 9 * HOUR_MS]
    assert world.notes.skips["schedule"] == 1


async def test_profiles_that_were_merged_are_one_subject(stores: TriggerStores) -> None:
    world = await world_with(stores, CARTS, TERMS, RESTOCK)
    world.people.records(event(0, "cart_add", "cookie"), event(1, "cart_add", "ann"), event(2, "alert", "cookie"))
    world.people.records(event(3, "terms_page", "cookie"))
    await world.work()
    world.people.merged_into["cookie"] = "ann"
    del world.people.facts_of["cookie"]
    # The log keeps naming the profile on which it was recorded.
    world.people.records(event(4, "cart_add", "cookie"))
    assert told(await world.replica().work()) == [("ann", "three_carts", "e4")]
    world.people.records(event(5, "restocked", ""))
    assert told(await world.work())[1:] == [("ann", "back_in_stock", "e5")]
    world.now_ms[0] += 3 * HOUR_MS
    assert told(await world.work())[2:] == [("ann", "no_renewal", "e3"), ("ann", "at_risk", "e3")]
    assert set(await stores.states.page("", 10)) <= {"ann"}


async def test_of_an_erased_subject_nothing_is_left(stores: TriggerStores) -> None:
    world = await world_with(stores, CARTS, TERMS)
    for who in ("ann", "bob"):
        world.people.records(*(event(hash((who, number)), "cart_add", who) for number in range(4)))
        world.people.records(event(hash(who), "terms_page", who))
    assert len(await world.work()) == 2
    world.people.erases("ann")
    world.now_ms[0] += 3 * HOUR_MS
    fired = await world.work()
    assert {each.profile_id for each in fired} == {"bob"}
    assert len(fired) == 3
    assert "ann" not in await stores.states.states(["ann"])
    world.people.log.append(replace(world.people.log[0], position=str(len(world.people.log) + 1)))
    assert await world.work() == fired


async def test_a_replica_without_the_lease_does_nothing(stores: TriggerStores) -> None:
    world = await world_with(stores, CARTS)
    await stores.leases.acquire("somebody", world.now_ms[0], 60_000)
    consumer, _ = world.open()
    running = asyncio.create_task(consumer.run())
    world.people.records(*(event(number, "cart_add") for number in range(3)))
    await asyncio.sleep(0.3)
    await end(running)
    assert world.people.calls["read"] == 0


async def test_two_that_both_think_they_hold_the_lease_fire_once(stores: TriggerStores) -> None:
    """Leases so short that the two take them from one another all the time."""
    world = await world_with(stores, CARTS)
    short = replace(world.options, lease_ms=5, batch=3)
    world.people.records(*(event(number, "cart_add", f"p{number % 4}") for number in range(120)))
    ticking = asyncio.create_task(tick(world))
    other = world.replica(options=short)
    fired, _ = await asyncio.gather(world.replica(options=short).work(), other.work())
    ticking.cancel()
    assert len(fired) == 40
    assert len({each.firing_id for each in await stores.firings.firings(0, 1_000)}) == 40


async def tick(world: World) -> None:
    while True:
        await asyncio.sleep(0.002)
        world.now_ms[0] += 2


async def test_a_failure_of_any_call_begins_the_step_again(stores: TriggerStores) -> None:
    class Flaky(KleeneMatcher):
        failing = 3

        async def match(self, version: str, messages: Any) -> Any:
            self.failing -= 1
            if self.failing >= 0:
                raise Unavailable("DEPENDENCY_UNAVAILABLE", "no worker answers")
            return await super().match(version, messages)

    world = (await world_with(stores, CARTS)).replica(matcher=Flaky())
    world.people.records(*(event(number, "cart_add") for number in range(3)))
    world.people.failures = [UNAVAILABLE]
    assert told(await world.work()) == [("ann", "three_carts", "e2")]


async def test_a_message_that_no_worker_takes_is_left_out_and_the_others_are_not(stores: TriggerStores) -> None:
    def is_poison(message: Message) -> bool:
        return "poison" in message.values()

    where = EventMatch("cart_add", where='event.sku != "none"')
    picky = replace(CARTS, when=Pattern(PatternKind.COUNT, (where,), within_ms=HOUR_MS, at_least=3))
    world = (await world_with(stores, picky)).replica(matcher=KleeneMatcher(is_poison))
    skus = ("tea", "tea", "poison", "tea")
    world.people.records(*(event(number, "cart_add", sku=sku) for number, sku in enumerate(skus)))
    assert told(await world.work()) == [("ann", "three_carts", "e3")]


class Explosive(CompiledProgram):
    def observe(
        self, state: SubjectState, happening: Happening, facts: Facts, now_ms: int, join_key: str = ""
    ) -> Steps:
        if happening.properties.get("sku") == "bomb":
            raise ValueError("a fault of ours")
        return super().observe(state, happening, facts, now_ms, join_key)


async def test_an_event_that_fails_every_time_is_skipped(
    stores: TriggerStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.rules.app.triggers.consumer.RETRY_S", 0.01)
    world = World(stores, {"rs_1": Explosive(program(CARTS).domain)})
    await world.activate()
    skus = ("tea", "tea", "bomb", "tea")
    world.people.records(*(event(number, "cart_add", sku=sku) for number, sku in enumerate(skus)))
    assert told(await world.work()) == [("ann", "three_carts", "e3")]
    assert world.notes.skips == {"log": 1}


async def test_what_can_matter_no_longer_is_swept(stores: TriggerStores) -> None:
    world = await world_with(stores, CARTS, RESTOCK)
    world.people.records(event(0, "cart_add"), event(1, "alert"), event(2, "alert", "bob"))
    await world.work()
    assert (await stores.states.sizes(0)).states == 2
    world.now_ms[0] += 30 * MS_PER_DAY
    await world.work()
    sizes = await stores.states.sizes(0)
    assert (sizes.states, sizes.waiting) == (0, 0)
