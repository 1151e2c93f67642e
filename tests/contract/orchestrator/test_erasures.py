"""Erasing a person in the orchestrator: its stores on SQLite and MongoDB, and the courier that follows the feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from services.orchestrator.adapters.metrics import PrometheusTelemetry
from services.orchestrator.app.contact_history import Contact
from services.orchestrator.app.erase_subject_data import SECOND_ROUND_MS, EraseSubjectData, ErasureCourier
from services.orchestrator.app.erasures import DueErasure, ErasureNotice, ErasureStore
from services.orchestrator.app.outcome_store import Capture, RewardLesson, Sighting
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.outcome import Effect
from shared.errors import Unavailable
from tests.support.decisions import PRESENTATION, captured, record
from tests.support.shop import fresh_id

NOW_MS = 1_760_000_000_000


@dataclass
class World:
    """The feed, the scoring service and the time, all in the hands of the test."""

    notices: list[ErasureNotice] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    is_down: bool = False
    now_ms: int = NOW_MS

    async def erasures(self, after: str, *, deadline_ms: int) -> Sequence[ErasureNotice]:
        assert deadline_ms > self.now_ms
        return [notice for notice in self.notices if int(notice.position) > int(after or 0)][:2]

    async def erase_rewards(self, request_id: str, decision_ids: Sequence[str], *, deadline_ms: int) -> None:
        assert request_id
        assert deadline_ms > self.now_ms
        if self.is_down:
            raise Unavailable("DEPENDENCY_UNAVAILABLE", "down")
        self.erased += decision_ids

    def clock(self) -> int:
        return self.now_ms


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def courier(world: World, stores: Stores) -> ErasureCourier:
    erase = EraseSubjectData(stores.erasures, world, world.clock)
    return ErasureCourier(world, stores.erasures, erase, PrometheusTelemetry(), world.clock)


async def decide(stores: Stores, decision_id: str, profile_id: str, *, is_seen: bool = False) -> None:
    await stores.log.append(record(decision_id, f"r_{decision_id}", profile_id=profile_id))
    await learn(stores, decision_id, profile_id, is_seen=is_seen)


async def learn(stores: Stores, decision_id: str, profile_id: str, *, is_seen: bool) -> None:
    outcome = captured(f"o_{decision_id}", Effect.SUCCEEDED, decision_id=decision_id)
    by_objective = RewardLesson(f"{outcome.reward_key}/click", Effect.SUCCEEDED)
    outcome = replace(outcome, lessons=(*outcome.lessons, by_objective))
    learning = {lesson.reward_key: PRESENTATION for lesson in outcome.lessons}
    seen = Contact(outcome.reward_key, decision_id, profile_id, NOW_MS, "WEB", "welcome", "", 0, is_shown=True)
    sightings = [Sighting(outcome.item.idempotency_key, seen)] if is_seen else []
    request_id = fresh_id("c")
    await stores.outcomes.append(
        Capture("CaptureOutcomes", request_id, "body", (outcome,), learning, lambda _: b"", sightings=sightings)
    )


async def is_there(stores: Stores, decision_id: str) -> bool:
    pending = {reward.reward_key.partition("/")[0] for reward in await stores.outcomes.pending(100, NOW_MS)}
    signs = [
        await stores.log.get(decision_id) is not None,
        bool(await stores.outcomes.list_by_decision(decision_id)),
        decision_id in pending,
    ]
    assert len(set(signs)) == 1, signs
    return signs[0]


async def test_the_feed_is_taken_in_once_whole(world: World, courier: ErasureCourier, stores: Stores) -> None:
    assert await stores.erasures.position() == ""
    world.notices = [ErasureNotice(str(place), f"x{place}", (f"p{place}",)) for place in range(1, 6)]
    await courier.take_in()
    assert await stores.erasures.position() == "5"
    due = await stores.erasures.due(NOW_MS, 10)
    assert set(due) == {DueErasure(f"x{place}", (f"p{place}",)) for place in range(1, 6)}
    await stores.erasures.take(world.notices[-1:], NOW_MS + 5)
    assert len(await stores.erasures.due(NOW_MS, 10)) == 5


async def test_what_a_person_left_is_erased_and_nothing_else(
    world: World, courier: ErasureCourier, stores: Stores
) -> None:
    for decision_id, profile_id in (("d_1", "p_1"), ("d_2", "p_2"), ("d_3", "p_old"), ("d_4", "")):
        await decide(stores, decision_id, profile_id)
    world.notices = [ErasureNotice("1", "x1", ("p_1", "p_old"))]
    await courier.take_in()
    await courier.carry_out()
    assert sorted(world.erased) == ["d_1", "d_3"]
    assert [await is_there(stores, f"d_{index}") for index in range(1, 5)] == [False, True, False, True]


async def test_a_second_round_erases_what_was_under_way(world: World, courier: ErasureCourier, stores: Stores) -> None:
    await decide(stores, "d_1", "p_1")
    world.notices = [ErasureNotice("1", "x1", ("p_1",))]
    await courier.take_in()
    await courier.carry_out()
    await decide(stores, "d_2", "p_1")
    await courier.carry_out()
    assert await is_there(stores, "d_2")
    world.now_ms += SECOND_ROUND_MS
    await courier.carry_out()
    assert not await is_there(stores, "d_2")
    assert world.erased == ["d_1", "d_2", "d_1"]
    assert await stores.erasures.due(NOW_MS * 2, 10) == []


async def test_nothing_is_forgotten_while_scoring_is_down(
    world: World, courier: ErasureCourier, stores: Stores
) -> None:
    await decide(stores, "d_1", "p_1")
    world.notices, world.is_down = [ErasureNotice("1", "x1", ("p_1",))], True
    await courier.take_in()
    with pytest.raises(Unavailable):
        await courier.carry_out()
    assert await stores.log.get("d_1") is not None
    world.is_down = False
    await courier.carry_out()
    assert world.erased == ["d_1"]
    assert not await is_there(stores, "d_1")


async def test_what_was_learnt_from_decisions_that_were_pruned_is_erased_too(
    world: World, courier: ErasureCourier, stores: Stores
) -> None:
    for decision_id, profile_id in (("d_1", "p_1"), ("d_2", "p_1"), ("d_10", "p_2")):
        await decide(stores, decision_id, profile_id, is_seen=True)
    delivered, *_ = await stores.outcomes.pending(1, NOW_MS)
    await stores.outcomes.mark_delivered([delivered])
    await stores.erasures.erase(["d_unknown"])
    while await stores.index.prune(NOW_MS * 2, 10):
        pass
    assert await stores.log.get("d_1") is None
    assert await stores.erasures.decisions_of(["p_1"], 9) == ["d_1", "d_2"]
    assert await stores.erasures.decisions_of(["p_1"], 9, "d_1") == ["d_2"]
    world.notices = [ErasureNotice("1", "x1", ("p_1",))]
    await courier.take_in()
    await courier.carry_out()
    assert world.erased == ["d_1", "d_2"]
    left = await stores.outcomes.pending(100, NOW_MS)
    assert {each.reward_key.partition("/")[0] for each in left} == {"d_10"}
    assert await stores.erasures.decisions_of(["p_1"], 9) == []
    assert len(await stores.feedback.history.shown(["p_2"], 0, NOW_MS * 2)) == 1


async def test_what_is_learnt_during_an_erasure_goes_with_its_second_round(
    world: World, courier: ErasureCourier, stores: Stores
) -> None:
    await decide(stores, "d_1", "p_1")
    world.notices = [ErasureNotice("1", "x1", ("p_1",))]
    await courier.take_in()
    await courier.carry_out()
    await learn(stores, "d_1", "p_1", is_seen=False)  # by who read the decision before
    world.now_ms += SECOND_ROUND_MS
    await courier.carry_out()
    assert not await is_there(stores, "d_1")


async def test_many_decisions_are_erased_page_by_page(world: World, stores: Stores) -> None:
    count = 12
    for index in range(count):
        await stores.log.append(record(f"d_{index}", f"r_{index}", profile_id="p_1"))
    store: ErasureStore = stores.erasures
    assert len(await store.decisions_of(["p_1"], 5)) == 5
    assert len(await EraseSubjectData(store, world, world.clock)(["p_1"])) == count
    assert await store.decisions_of(["p_1"], 5) == []
