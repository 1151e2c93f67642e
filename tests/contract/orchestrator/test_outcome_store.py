"""What every OutcomeStore promises, on SQLite and on MongoDB."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Set
from dataclasses import replace

import pytest

from services.orchestrator.app.outcome_store import Capture, CapturedOutcome, OutcomeStore, RewardLesson, Wait
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.outcome import Effect
from shared.errors import AlreadyExists
from tests.support.decisions import PRESENTATION, captured

KEY = "d_1/home/welcome/WEB"
NOW_MS = 1_900_000_000_000


@pytest.fixture
def outcomes(stores: Stores) -> OutcomeStore:
    return stores.outcomes


def capture(
    request_id: str, *taken: CapturedOutcome, body_hash: str = "body", waits: Mapping[str, Wait] | None = None
) -> Capture:
    def response_of(new_keys: Set[str]) -> bytes:
        return ",".join(sorted(new_keys)).encode()

    learning = {lesson.reward_key: PRESENTATION for each in taken for lesson in each.lessons}
    return Capture("CaptureOutcomes", request_id, body_hash, taken, learning, response_of, waits=waits or {})


async def pending(outcomes: OutcomeStore) -> list[tuple[str, float, int]]:
    return [(reward.reward_key, reward.value, reward.revision) for reward in await outcomes.pending(100, NOW_MS)]


async def test_outcomes_come_back_in_the_order_of_capture(outcomes: OutcomeStore) -> None:
    first = [captured(f"o_{index}", position=index) for index in range(3)]
    await outcomes.append(capture("r_1", *first))
    later = captured("o_9")
    await outcomes.append(capture("r_2", later))
    listed = await outcomes.list_by_decision("d_1")
    assert set(listed) == {*first, later}
    assert [each for each in listed if each in first] == first
    assert await outcomes.list_by_decision("d_2") == ()


async def test_a_key_is_taken_once(outcomes: OutcomeStore) -> None:
    receipt = await outcomes.append(capture("r_1", captured("o_1"), captured("o_2")))
    assert receipt.response == b"o_1,o_2"
    again = await outcomes.append(capture("r_2", captured("o_2", Effect.SUCCEEDED), captured("o_3")))
    assert again.response == b"o_3"
    assert [each.effect for each in await outcomes.list_by_decision("d_1")] == [Effect.SHOWN] * 3
    assert await pending(outcomes) == [(KEY, 0.0, 1)]


async def test_the_same_request_is_answered_the_same_and_stores_nothing(outcomes: OutcomeStore) -> None:
    first = await outcomes.append(capture("r_1", captured("o_1")))
    assert await outcomes.append(capture("r_1", captured("o_1"))) == first
    assert await outcomes.receipt("CaptureOutcomes", "r_1") == first
    assert await outcomes.receipt("CaptureOutcomes", "r_2") is None


async def test_another_body_under_the_same_request_is_refused_and_stores_nothing(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1")))
    with pytest.raises(AlreadyExists):
        await outcomes.append(capture("r_1", captured("o_2"), body_hash="other"))
    assert [each.item.idempotency_key for each in await outcomes.list_by_decision("d_1")] == ["o_1"]


async def test_a_reward_waits_with_all_that_the_scorer_must_know(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1", Effect.SUCCEEDED, time_ms=1_800_000_000_000)))
    (reward,) = await outcomes.pending(10, NOW_MS)
    assert (reward.value, reward.time_ms, reward.presentation) == (1.0, 1_800_000_000_000, PRESENTATION)
    assert type(reward.time_ms) is int
    assert await outcomes.count_pending(NOW_MS) == 1


async def test_what_teaches_nothing_leaves_no_reward(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1", Effect.NOTHING)))
    assert await outcomes.count_pending(NOW_MS) == 0


async def test_a_reward_is_what_all_outcomes_of_its_presentation_come_to(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1", Effect.SUCCEEDED, time_ms=5)))
    await outcomes.append(capture("r_2", captured("o_2", Effect.SHOWN, time_ms=9)))
    assert await pending(outcomes) == [(KEY, 1.0, 1)]
    await outcomes.append(capture("r_3", captured("o_3", Effect.TAKEN_BACK, time_ms=10)))
    assert await pending(outcomes) == [(KEY, 0.0, 2)]


async def test_a_delivered_reward_waits_no_more(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1")))
    await outcomes.mark_delivered(await outcomes.pending(10, NOW_MS))
    assert await outcomes.count_pending(NOW_MS) == 0
    await outcomes.append(capture("r_2", captured("o_2")))
    assert await outcomes.count_pending(NOW_MS) == 0


async def test_a_reward_that_changes_after_delivery_waits_again(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1")))
    await outcomes.mark_delivered(await outcomes.pending(10, NOW_MS))
    await outcomes.append(capture("r_2", captured("o_2", Effect.SUCCEEDED)))
    assert await pending(outcomes) == [(KEY, 1.0, 2)]


async def test_a_reward_that_changes_during_delivery_is_not_forgotten(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1")))
    under_way = await outcomes.pending(10, NOW_MS)
    await outcomes.append(capture("r_2", captured("o_2", Effect.SUCCEEDED)))
    await outcomes.mark_delivered(under_way)
    assert await pending(outcomes) == [(KEY, 1.0, 2)]


async def test_pending_rewards_come_oldest_first_and_as_many_as_asked(outcomes: OutcomeStore) -> None:
    taken = [captured(f"o_{index}", reward_key=f"k_{index}", time_ms=100 - index) for index in range(5)]
    await outcomes.append(capture("r_1", *taken))
    assert [reward.reward_key for reward in await outcomes.pending(3, NOW_MS)] == ["k_4", "k_3", "k_2"]


async def test_captures_that_race_for_keys_and_rewards_lose_nothing(stores: Stores, other_stores: Stores) -> None:
    """Every key is new exactly once, and the reward is that of all outcomes together."""

    async def one(index: int) -> Receipt:
        effect = Effect.SUCCEEDED if index == 7 else Effect.SHOWN
        own, shared = captured(f"o_{index}", effect, time_ms=index), captured("o_shared")
        return await (stores, other_stores)[index % 2].outcomes.append(capture(f"r_{index}", own, shared))

    receipts = await asyncio.gather(*(one(index) for index in range(12)))
    assert sum(b"o_shared" in receipt.response for receipt in receipts) == 1
    assert len(await stores.outcomes.list_by_decision("d_1")) == 13
    assert [value for _, value, _ in await pending(stores.outcomes)] == [1.0]


async def test_the_same_request_sent_twice_at_once_is_stored_once(stores: Stores, other_stores: Stores) -> None:
    receipts = await asyncio.gather(
        *(each.outcomes.append(capture("r_1", captured("o_1"))) for each in (stores, other_stores) * 3)
    )
    assert {receipt.response for receipt in receipts} == {b"o_1"}


WAITS = {KEY: Wait(due_ms=500, histogram="click/60000", bucket=3)}


async def due(outcomes: OutcomeStore, now_ms: int) -> list[float]:
    return [reward.value for reward in await outcomes.pending(100, now_ms)]


async def test_a_failure_waits_until_it_is_due(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1", time_ms=100), waits=WAITS))
    assert (await due(outcomes, 499), await outcomes.count_pending(499)) == ([], 0)
    assert (await due(outcomes, 500), await outcomes.count_pending(500)) == ([0.0], 1)


async def test_being_shown_again_moves_no_due_time(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1"), waits=WAITS))
    later = {KEY: replace(WAITS[KEY], due_ms=900)}
    await outcomes.append(capture("r_2", captured("o_2"), waits=later))
    assert await due(outcomes, 500) == [0.0]


async def test_a_success_does_not_wait_nor_does_one_that_is_taken_back(outcomes: OutcomeStore) -> None:
    await outcomes.append(capture("r_1", captured("o_1", time_ms=1), waits=WAITS))
    await outcomes.append(capture("r_2", captured("o_2", Effect.SUCCEEDED, time_ms=2), waits=WAITS))
    assert await due(outcomes, 3) == [1.0]
    await outcomes.append(capture("r_3", captured("o_3", Effect.TAKEN_BACK, time_ms=3), waits=WAITS))
    assert await due(outcomes, 3) == [0.0]


async def test_what_is_due_longest_comes_first(outcomes: OutcomeStore) -> None:
    taken = [captured(f"o_{index}", reward_key=f"k_{index}", time_ms=index) for index in range(4)]
    waits = {f"k_{index}": Wait(100 - index, "click/60000", 0) for index in range(3)}
    await outcomes.append(capture("r_1", *taken, waits=waits))
    assert [reward.reward_key for reward in await outcomes.pending(3, 100)] == ["k_3", "k_2", "k_1"]


async def test_each_success_is_counted_once_with_its_delay(outcomes: OutcomeStore) -> None:
    assert await outcomes.success_delays("click/60000") == {}
    shown, clicked = captured("o_1"), captured("o_2", Effect.SUCCEEDED)
    await outcomes.append(capture("r_1", shown, waits=WAITS))
    assert await outcomes.success_delays("click/60000") == {}
    for _ in range(2):
        await outcomes.append(capture("r_2", clicked, waits=WAITS))
    await outcomes.append(capture("r_3", clicked, captured("o_3", Effect.SUCCEEDED), waits=WAITS))
    assert await outcomes.success_delays("click/60000") == {3: 1}
    assert await outcomes.success_delays("click/90000") == {}
    assert {type(each) for each in (await outcomes.success_delays("click/60000")).values()} == {int}


async def test_successes_that_come_at_once_are_all_counted(stores: Stores, other_stores: Stores) -> None:
    async def one(index: int) -> None:
        success = captured(f"o_{index}", Effect.SUCCEEDED, reward_key=f"k_{index}")
        waits = {f"k_{index}": Wait(0, "click/60000", index % 2)}
        await (stores, other_stores)[index % 2].outcomes.append(capture(f"r_{index}", success, waits=waits))

    await asyncio.gather(*map(one, range(20)))
    assert await stores.outcomes.success_delays("click/60000") == {0: 10, 1: 10}


async def test_an_outcome_teaches_each_objective_its_own(outcomes: OutcomeStore) -> None:
    lessons = (RewardLesson("d_1/x/click", Effect.SUCCEEDED), RewardLesson("d_1/x/buy", Effect.SHOWN))
    clicked = replace(captured("o_1", Effect.SUCCEEDED, time_ms=1), lessons=lessons)
    await outcomes.append(capture("r_1", clicked))
    assert sorted(await pending(outcomes)) == [("d_1/x/buy", 0.0, 1), ("d_1/x/click", 1.0, 1)]
    bought = replace(captured("o_2", time_ms=2), lessons=(RewardLesson("d_1/x/buy", Effect.SUCCEEDED),))
    await outcomes.append(capture("r_2", bought))
    assert sorted(await pending(outcomes)) == [("d_1/x/buy", 1.0, 2), ("d_1/x/click", 1.0, 1)]
    assert await outcomes.list_by_decision("d_1") == (clicked, bought)


async def test_a_reward_has_the_amount_that_all_outcomes_come_to(outcomes: OutcomeStore) -> None:
    async def waiting() -> list[tuple[float, int | None, int]]:
        return [(each.value, each.amount, each.revision) for each in await outcomes.pending(9, NOW_MS)]

    await outcomes.append(capture("r_1", captured("o_1", Effect.SUCCEEDED, time_ms=5, amount=20)))
    assert await waiting() == [(1.0, 20, 1)]
    await outcomes.append(capture("r_2", captured("o_2", Effect.SUCCEEDED, time_ms=6, amount=10**18)))
    assert await waiting() == [(1.0, 10**18, 2)]
    assert [type(each.amount) for each in await outcomes.pending(9, NOW_MS)] == [int]
    await outcomes.append(capture("r_3", captured("o_3", Effect.SHOWN, time_ms=7)))
    assert await waiting() == [(1.0, 10**18, 2)], "nothing changed"
    await outcomes.mark_delivered(await outcomes.pending(9, NOW_MS))
    await outcomes.append(capture("r_4", captured("o_4", Effect.TAKEN_BACK, time_ms=8, amount=10**18 - 5)))
    assert await waiting() == [(1.0, 5, 3)], "a correction waits for delivery again"
    await outcomes.append(capture("r_5", captured("o_5", Effect.TAKEN_BACK, time_ms=9)))
    assert await waiting() == [(0.0, None, 4)]


async def test_the_delay_of_a_success_is_counted_once_however_often_its_amount_changes(outcomes: OutcomeStore) -> None:
    waits = {KEY: Wait(9, "buy/1", 3)}
    for index in range(3):
        taken = captured(f"o_{index}", Effect.SUCCEEDED, time_ms=index, amount=index + 1)
        await outcomes.append(capture(f"r_{index}", taken, waits=waits))
    assert await outcomes.success_delays("buy/1") == {3: 1}
