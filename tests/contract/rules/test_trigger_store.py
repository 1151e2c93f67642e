"""What every store of event-driven rules promises, on SQLite and on MongoDB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.rules.app.trigger_ports import LoggedHappening
from services.rules.app.trigger_store import FanOut, Head, OpenTick, Progress, StateChange, TriggerStores
from services.rules.bootstrap import open_stores
from services.rules.domain.triggers.outcome import DueTimer, Firing, Happening
from shared.errors import Aborted, AlreadyExists
from shared.settings import ServiceSettings
from shared.values import Value

NOW = 1_750_000_000_000
VALUES: dict[str, Value] = {
    "a": True,
    "b": 1,
    "c": 1.5,
    "d": "é",
    "e": datetime(2026, 6, 15, tzinfo=UTC),
    "f": (1, 2),
    "g": None,
}
HAPPENING = Happening("e1", "p1", "restocked", NOW, VALUES)


@pytest.fixture(params=["sqlite", "mongo"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceSettings:
    if request.param == "sqlite":
        return ServiceSettings(data_dir=tmp_path)
    uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("empty_database_name")
    return ServiceSettings(store="mongo", mongo_uri=uri, mongo_database=name)


@pytest.fixture
async def stores(settings: ServiceSettings) -> AsyncIterator[TriggerStores]:
    async with AsyncExitStack() as stack:
        yield (await open_stores(settings, stack)).triggers


async def held(stores: TriggerStores, holder: str = "one") -> Head:
    assert await stores.leases.acquire(holder, NOW, 1_000) is not None
    return await stores.states.head()


def change(**fields: Any) -> StateChange:
    return StateChange(**{"progress": Progress(), "now_ms": NOW, **fields})


def firing(firing_id: str, profile_id: str = "p1", **fields: Any) -> Firing:
    known = {"name": "hello", "payload": VALUES, "cause_event_id": "e1", "fired_ms": NOW}
    return Firing(firing_id, "t", "rs_1", profile_id, **{**known, **fields})


async def test_at_first_there_is_nothing(stores: TriggerStores) -> None:
    assert await stores.states.head() == Head(0, 0, "", 0, Progress())
    assert await stores.activations.active_version() == ""
    assert await stores.states.states(["p1"]) == {}
    assert await stores.states.due(NOW, 10) == []
    assert await stores.firings.firings(0, 10) == []
    assert await stores.firings.last_firing() == 0


async def test_one_holder_at_a_time_has_the_lease(stores: TriggerStores) -> None:
    assert await stores.leases.acquire("one", NOW, 1_000) == 1
    assert await stores.leases.acquire("two", NOW + 999, 1_000) is None
    assert await stores.leases.acquire("one", NOW + 999, 1_000) == 1
    assert await stores.leases.acquire("two", NOW + 1_500, 1_000) is None
    assert await stores.leases.acquire("two", NOW + 1_999, 1_000) == 2
    assert await stores.leases.acquire("one", NOW + 2_000, 1_000) is None


async def test_of_many_who_ask_at_once_one_gets_the_lease(stores: TriggerStores) -> None:
    asked = [stores.leases.acquire(f"holder {number}", NOW, 1_000) for number in range(10)]
    assert sorted(each or 0 for each in await asyncio.gather(*asked)) == [0] * 9 + [1]


async def test_a_lease_that_is_given_back_is_free(stores: TriggerStores) -> None:
    await stores.leases.acquire("one", NOW, 1_000)
    await stores.leases.release("two")
    assert await stores.leases.acquire("two", NOW, 1_000) is None
    await stores.leases.release("one")
    assert await stores.leases.acquire("two", NOW, 1_000) == 2


async def test_progress_comes_back_as_it_was(stores: TriggerStores) -> None:
    fan_out = FanOut(LoggedHappening("7", NOW, HAPPENING), ("t\x1fsku", "u\x1fsku"), "p9")
    progress = Progress("12", "3", fan_out, {"birthday": NOW}, OpenTick("birthday", NOW, "p3"))
    before = await held(stores)
    after = await stores.states.commit(before, change(progress=progress))
    assert after == replace(before, revision=1, progress=progress)
    assert await stores.states.head() == after
    assert repr((await stores.states.head()).progress) == repr(progress)


async def test_a_holder_that_was_superseded_commits_nothing(stores: TriggerStores) -> None:
    first = await held(stores)
    await stores.leases.acquire("two", NOW + 1_000, 1_000)
    with pytest.raises(Aborted):
        await stores.states.commit(first, change(states={"p1": b"x"}, firings=[firing("f1")]))
    assert await stores.states.states(["p1"]) == {}
    assert await stores.firings.firings(0, 10) == []
    assert await stores.firings.last_firing() == 0


async def test_a_step_is_committed_once(stores: TriggerStores) -> None:
    head = await held(stores)
    await stores.states.commit(head, change(firings=[firing("f1")]))
    with pytest.raises(Aborted):
        await stores.states.commit(head, change(firings=[firing("f1")]))
    assert [each.firing_id for each in await stores.firings.firings(0, 10)] == ["f1"]


async def test_an_activation_in_between_takes_the_step_back(stores: TriggerStores) -> None:
    head = await held(stores)
    await stores.activations.activate("rs_1", "r1", NOW, "5")
    with pytest.raises(Aborted):
        await stores.states.commit(head, change(states={"p1": b"x"}))
    assert (await stores.states.head()).version == "rs_1"


async def test_the_first_activation_alone_says_where_the_log_begins(stores: TriggerStores) -> None:
    await stores.activations.activate("rs_1", "r1", NOW, "5")
    await stores.activations.activate("rs_2", "r2", NOW + 1, "9")
    head = await stores.states.head()
    assert (head.version, head.activated_ms, head.progress) == ("rs_2", NOW + 1, Progress("5"))


async def test_a_repeated_activation_changes_nothing(stores: TriggerStores) -> None:
    await stores.activations.activate("rs_1", "r1", NOW, "5")
    await stores.activations.activate("rs_2", "r2", NOW, "5")
    await stores.activations.activate("rs_1", "r1", NOW, "5")
    assert await stores.activations.active_version() == "rs_2"
    with pytest.raises(AlreadyExists):
        await stores.activations.activate("rs_2", "r1", NOW, "5")


async def test_states_are_set_and_deleted(stores: TriggerStores) -> None:
    head = await stores.states.commit(await held(stores), change(states={"p1": b"one", "p2": b"two"}))
    await stores.states.commit(head, change(states={"p1": b"", "p2": b"more"}))
    assert await stores.states.states(["p1", "p2", "p3"]) == {"p2": b"more"}
    assert (await stores.states.sizes(NOW)).states == 1


async def test_states_come_in_pages(stores: TriggerStores) -> None:
    await stores.states.commit(await held(stores), change(states={f"p{number}": b"x" for number in range(5)}))
    assert list(await stores.states.page("", 2)) == ["p0", "p1"]
    assert list(await stores.states.page("p1", 2)) == ["p2", "p3"]
    assert await stores.states.page("p4", 2) == {}


async def test_timers_come_when_they_are_due_oldest_first(stores: TriggerStores) -> None:
    timers = [DueTimer(NOW + 2, "b", "p1"), DueTimer(NOW + 2, "a", "p2"), DueTimer(NOW + 1, "c", "p1")]
    head = await stores.states.commit(await held(stores), change(add_timers=[*timers, DueTimer(NOW + 9, "d", "p1")]))
    assert await stores.states.due(NOW, 10) == []
    assert [each.timer_id for each in await stores.states.due(NOW + 2, 10)] == ["c", "a", "b"]
    assert [each.timer_id for each in await stores.states.due(NOW + 2, 2)] == ["c", "a"]
    head = await stores.states.commit(head, change(add_timers=[DueTimer(NOW + 5, "c", "p1")], drop_timers=["a"]))
    assert await stores.states.due(NOW + 5, 10) == [DueTimer(NOW + 2, "b", "p1"), DueTimer(NOW + 5, "c", "p1")]
    sizes = await stores.states.sizes(NOW + 4)
    assert (sizes.timers, sizes.due) == (3, 1)


async def test_who_waits_for_a_thing_is_found_page_by_page(stores: TriggerStores) -> None:
    pairs = [("t\x1fsku", f"p{number}") for number in range(5)] + [("t\x1fother", "p9")]
    head = await stores.states.commit(await held(stores), change(waiting_added=[*pairs, pairs[0]]))
    assert await stores.states.waiting("t\x1fsku", "", 3) == ["p0", "p1", "p2"]
    assert await stores.states.waiting("t\x1fsku", "p2", 3) == ["p3", "p4"]
    await stores.states.commit(head, change(waiting_dropped=[("t\x1fsku", "p0"), ("t\x1fsku", "nobody")]))
    assert await stores.states.waiting("t\x1fsku", "", 3) == ["p1", "p2", "p3"]
    assert (await stores.states.sizes(NOW)).waiting == 5


async def test_what_a_merged_profile_waits_for_moves_with_it(stores: TriggerStores) -> None:
    pairs = [("k1", "old"), ("k2", "old"), ("k2", "new"), ("k3", "new")]
    timers = [DueTimer(NOW, "a", "old"), DueTimer(NOW + 1, "b", "new")]
    head = await stores.states.commit(await held(stores), change(waiting_added=pairs, add_timers=timers))
    merge = change(moved={"old": "new"}, states={"old": b"", "new": b"x"}, waiting_dropped=[("k3", "new")])
    await stores.states.commit(head, merge)
    assert [await stores.states.waiting(key, "", 10) for key in ("k1", "k2", "k3")] == [["new"], ["new"], []]
    assert await stores.states.due(NOW + 1, 10) == [DueTimer(NOW, "a", "new"), DueTimer(NOW + 1, "b", "new")]


async def test_firings_are_numbered_in_the_order_of_commits_without_a_gap(stores: TriggerStores) -> None:
    head = await stores.states.commit(await held(stores), change(firings=[firing("f1"), firing("f2", "p2")]))
    await stores.states.commit(head, change(firings=[firing("f3", trait="tier", name="")]))
    found = await stores.firings.firings(0, 10)
    assert [(each.number, each.firing_id) for each in found] == [(1, "f1"), (2, "f2"), (3, "f3")]
    assert found[0] == replace(firing("f1"), number=1)
    assert repr(found[0].payload) == repr(VALUES)
    assert [each.number for each in await stores.firings.firings(1, 1)] == [2]
    assert await stores.firings.last_firing() == 3


async def test_how_far_traits_were_brought_never_goes_back(stores: TriggerStores) -> None:
    await stores.firings.set_delivered(5)
    await stores.firings.set_delivered(3)
    assert await stores.firings.delivered() == 5


async def test_an_event_of_the_inbox_counts_once(stores: TriggerStores) -> None:
    await stores.inbox.put([HAPPENING, replace(HAPPENING, event_id="e2")], NOW)
    await stores.inbox.put([replace(HAPPENING, type="other"), replace(HAPPENING, event_id="e3")], NOW + 1)
    pending = await stores.inbox.pending(10)
    assert [(each.position, each.recorded_ms) for each in pending] == [("e1", NOW), ("e2", NOW), ("e3", NOW + 1)]
    assert repr(pending[0].happening) == repr(HAPPENING)
    assert [each.position for each in await stores.inbox.pending(1)] == ["e1"]
    assert not await stores.inbox.is_taken(["e1"])
    await stores.states.commit(await held(stores), change(taken=["e1", "e2"]))
    assert await stores.inbox.is_taken(["e1", "e2", "unknown"])
    await stores.inbox.put([HAPPENING], NOW + 2)
    assert [each.position for each in await stores.inbox.pending(10)] == ["e3"]


async def test_many_put_the_same_events_at_once(stores: TriggerStores) -> None:
    events = [replace(HAPPENING, event_id=f"e{number}") for number in range(20)]
    await asyncio.gather(*(stores.inbox.put(events, NOW) for _ in range(5)))
    assert sorted(each.position for each in await stores.inbox.pending(100)) == sorted(e.event_id for e in events)


async def test_an_erased_subject_leaves_nothing(stores: TriggerStores) -> None:
    everything = change(
        states={"p1": b"x", "p2": b"y"},
        add_timers=[DueTimer(NOW, "a", "p1"), DueTimer(NOW, "b", "p2")],
        waiting_added=[("k", "p1"), ("k", "p2")],
        firings=[firing("f1"), firing("f2", "p2")],
    )
    await stores.inbox.put([HAPPENING, replace(HAPPENING, event_id="e2", profile_id="p2")], NOW)
    head = await stores.states.commit(await held(stores), everything)
    await stores.states.commit(head, change(forgotten=["p1", "nobody"]))
    assert await stores.states.states(["p1", "p2"]) == {"p2": b"y"}
    assert [each.timer_id for each in await stores.states.due(NOW, 10)] == ["b"]
    assert await stores.states.waiting("k", "", 10) == ["p2"]
    assert [each.number for each in await stores.firings.firings(0, 10)] == [2]
    assert [each.position for each in await stores.inbox.pending(10)] == ["e2"]


async def test_what_is_old_is_forgotten_once_its_traits_were_brought(stores: TriggerStores) -> None:
    await stores.inbox.put([HAPPENING, replace(HAPPENING, event_id="e2")], NOW)
    head = await stores.states.commit(await held(stores), change(firings=[firing("f1"), firing("f2")], taken=["e1"]))
    await stores.states.commit(head, change(firings=[firing("f3")], now_ms=NOW + 10))
    await stores.firings.set_delivered(1)
    await stores.firings.trim(NOW + 5)
    assert [each.number for each in await stores.firings.firings(0, 10)] == [2, 3]
    await stores.firings.set_delivered(3)
    await stores.firings.trim(NOW + 5)
    assert [each.number for each in await stores.firings.firings(0, 10)] == [3]
    assert await stores.firings.last_firing() == 3
    assert [each.position for each in await stores.inbox.pending(10)] == ["e2"]
    await stores.inbox.put([HAPPENING], NOW + 20)
    assert [each.position for each in await stores.inbox.pending(10)] == ["e2", "e1"]


async def test_what_was_committed_is_there_after_a_restart(settings: ServiceSettings) -> None:
    async with AsyncExitStack() as stack:
        stores = (await open_stores(settings, stack)).triggers
        await stores.activations.activate("rs_1", "r1", NOW, "5")
        await stores.states.commit(await held(stores), change(states={"p1": b"x"}, firings=[firing("f1")]))
    async with AsyncExitStack() as stack:
        stores = (await open_stores(settings, stack)).triggers
        assert await stores.states.states(["p1"]) == {"p1": b"x"}
        head = await stores.states.head()
        assert (head.fence, head.revision, head.version) == (1, 2, "rs_1")
        assert await stores.firings.last_firing() == 1
