"""ObserveEvents and ActivateTriggers, whichever replica is asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from services.rules.app.trigger_store import TriggerStores
from services.rules.app.triggers.desk import FiringPage, ObserveEvents, TriggerDesk
from shared.background import end
from shared.errors import AlreadyExists, InvalidArgument, NotFound
from tests.support.sample_triggers import CARTS, TERMS, event, program, told, world_with
from tests.support.trigger_world import World


@pytest.fixture
def stores(trigger_stores: TriggerStores) -> TriggerStores:
    return trigger_stores


async def observed(desk: TriggerDesk, query: ObserveEvents) -> list[FiringPage]:
    return [page async for page in desk.observe(query)]


async def test_observed_events_count_once_and_the_call_tells_what_they_fired(stores: TriggerStores) -> None:
    world = await world_with(stores, CARTS)
    consumer, desk = world.open()
    _, other_desk = world.replica().open()
    running = asyncio.create_task(consumer.run())
    world.people.knows("ann")
    first = ObserveEvents((event(0, "cart_add"), event(1, "cart_add")))
    assert [page.firings for page in await observed(desk, first)] == [()]
    again = ObserveEvents((event(1, "cart_add"), event(0, "cart_add")))
    assert [page.firings for page in await observed(other_desk, again)] == [()]
    last = ObserveEvents((event(2, "cart_add"), event(3, "renewal")))
    pages = await observed(other_desk, last)
    assert [told(page.firings) for page in pages if page.firings] == [[("ann", "three_carts", "e2")]]
    everything = await observed(desk, ObserveEvents(after="0"))
    assert [told(page.firings) for page in everything] == [[("ann", "three_carts", "e2")]]
    assert await observed(desk, ObserveEvents(after=everything[-1].position)) == [FiringPage((), "1")]
    await end(running)


async def test_a_follower_hears_what_fires_from_then_on(stores: TriggerStores) -> None:
    world = await world_with(stores, CARTS)
    _, desk = world.open()
    following = desk.observe(ObserveEvents(follow=True))
    heard = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0.05)
    world.people.records(*(event(number, "cart_add") for number in range(3)))
    await world.replica().work()
    page = await asyncio.wait_for(heard, 5)
    assert told(page.firings) == [("ann", "three_carts", "e2")]
    await following.aclose()


async def test_where_no_triggers_are_active_observing_answers_at_once(stores: TriggerStores) -> None:
    _, desk = World(stores, {}).open()
    assert await observed(desk, ObserveEvents((event(0, "cart_add"),))) == [FiringPage((), "0")]


@pytest.mark.parametrize(
    "wrong",
    [
        ObserveEvents(after="1"),
        ObserveEvents(after="x"),
        ObserveEvents((replace(event(0, "cart_add"), event_id=""),)),
        ObserveEvents((replace(event(0, "cart_add"), type="no name"),)),
        ObserveEvents((event(0, "cart_add", minutes=10),)),
        ObserveEvents(tuple(event(number, "cart_add") for number in range(1_001))),
    ],
)
async def test_what_is_wrong_with_an_observation_is_named(stores: TriggerStores, wrong: ObserveEvents) -> None:
    _, desk = World(stores, {}).open()
    with pytest.raises(InvalidArgument):
        await observed(desk, wrong)
    assert await stores.inbox.pending(10) == []


async def test_activations_are_checked(stores: TriggerStores) -> None:
    world = World(stores, {"rs_1": program(CARTS), "rs_2": program(TERMS, version="rs_2")})
    _, desk = world.open()
    with pytest.raises(NotFound):
        await desk.activate("r1", "rs_unknown")
    await desk.activate("r1", "rs_1")
    with pytest.raises(AlreadyExists):
        await desk.activate("r1", "rs_2")
    with pytest.raises(InvalidArgument):
        await desk.activate("", "rs_1")
    assert await stores.activations.active_version() == "rs_1"
