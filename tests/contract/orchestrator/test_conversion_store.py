"""What every ConversionStore and TouchStore promises, on SQLite and on MongoDB."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from services.orchestrator.app.conversion_store import ConversionStore, TouchStore
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.conversion import Line
from shared.errors import AlreadyExists
from tests.support.conversions import (
    UNIT,
    back,
    batch,
    capture,
    contact,
    purchase,
    reversal,
    sighting,
    touch,
    touch_batch,
    words_of,
)


@pytest.fixture
def conversions(stores: Stores) -> ConversionStore:
    return stores.feedback.conversions


@pytest.fixture
def touches(stores: Stores) -> TouchStore:
    return stores.feedback.touches


async def record(store: ConversionStore, request_id: str, *given: object) -> list[str]:
    return words_of((await store.append(batch(request_id, *given))).response)  # type: ignore[arg-type]


async def test_a_conversion_comes_back_as_it_was_recorded(conversions: ConversionStore) -> None:
    bought = replace(purchase("c_1", coupon="TEA15"), order_id="o_7", store_id="lyon")
    assert await record(conversions, "r_1", bought) == ["new"]
    assert await conversions.get(["c_1", "c_2"]) == {"c_1": bought}


async def test_a_conversion_is_taken_once_whoever_tells_it_again(conversions: ConversionStore) -> None:
    bought = purchase()
    assert await record(conversions, "r_1", bought, bought) == ["new", "duplicate"]
    assert await record(conversions, "r_2", bought) == ["duplicate"]
    assert await record(conversions, "r_3", purchase(time_ms=7), purchase("c_2")) == ["ID_REUSED", "new"]
    assert (await conversions.get(["c_1"]))["c_1"] == bought


async def test_the_same_request_is_answered_the_same_and_another_body_is_refused(conversions: ConversionStore) -> None:
    first = await conversions.append(batch("r_1", purchase()))
    assert await conversions.append(batch("r_1", purchase())) == first
    assert await conversions.receipt("RecordConversions", "r_1") == first
    with pytest.raises(AlreadyExists):
        await conversions.append(batch("r_1", purchase("c_2"), body_hash="other"))
    assert await conversions.get(["c_2"]) == {}


async def test_what_comes_back_is_settled_by_what_was_paid(conversions: ConversionStore) -> None:
    told = await record(conversions, "r_1", purchase(), reversal("x_1", "c_1", back("tea", 0.5)))
    assert told == ["new", "new"]
    assert await record(conversions, "r_2", reversal("x_2", "c_1")) == ["new"]
    settled = (await conversions.reversals(["c_1", "c_9"]))["c_1"]
    assert [each.lines for each in settled] == [
        (Line("tea", 0.5, 2_500_000, UNIT),),
        (Line("tea", 1.5, 7_500_000, 3 * UNIT),),
    ]
    assert {each.profile_id for each in settled} == {"p_1"}


async def test_what_comes_back_may_be_told_before_what_was_bought(conversions: ConversionStore) -> None:
    told = (reversal("x_2", "c_2"), reversal("x_1", "c_1", back("tea", 1.0)), purchase(), reversal("x_3", "c_1"))
    assert await record(conversions, "r_1", *told) == ["CONVERSION_NOT_FOUND", "new", "new", "new"]
    found = await conversions.reversals(["c_1"])
    assert [each.conversion_id for each in found["c_1"]] == ["x_1", "x_3"]
    assert sum(each.revenue for each in found["c_1"]) == purchase().revenue
    assert (await conversions.unmatched(1))[0].conversion.conversion_id == "c_1"


async def test_no_more_comes_back_than_was_bought(conversions: ConversionStore) -> None:
    await record(conversions, "r_1", purchase())
    told = await record(
        conversions,
        "r_2",
        reversal("x_1", "c_1", back("tea", 1.5)),
        reversal("x_2", "c_1", back("tea", 1.0)),
        reversal("x_3", "c_1", back("coffee", 1.0)),
        reversal("x_4", "c_9"),
        reversal("x_5", "x_1"),
        reversal("x_6", "c_1", back("tea", 0.5, 3 * UNIT)),
        reversal("x_7", "c_1", back("tea", 0.5, 2 * UNIT)),
    )
    assert told == ["new", *["INVALID_FIELD"] * 2, "CONVERSION_NOT_FOUND", *["INVALID_FIELD"] * 2, "new"]


async def test_reversals_that_race_never_pay_back_more_than_was_paid(stores: Stores, other_stores: Stores) -> None:
    await record(stores.feedback.conversions, "r_0", purchase("c_1", Line("tea", 5.0, 50 * UNIT, 0)))

    async def one(index: int) -> list[str]:
        store = (stores, other_stores)[index % 2].feedback.conversions
        return await record(store, f"r_x{index}", reversal(f"x_{index}", "c_1", back("tea", 1.0)))

    told = await asyncio.gather(*map(one, range(12)))
    assert sorted(word for words in told for word in words) == ["INVALID_FIELD"] * 7 + ["new"] * 5


async def test_one_conversion_told_by_many_at_once_is_new_once(stores: Stores, other_stores: Stores) -> None:
    async def one(index: int) -> list[str]:
        return await record((stores, other_stores)[index % 2].feedback.conversions, f"r_{index}", purchase())

    told = await asyncio.gather(*map(one, range(10)))
    assert sorted(word for words in told for word in words) == ["duplicate"] * 9 + ["new"]
    assert await stores.feedback.conversions.count_unmatched() == 1


async def test_a_conversion_waits_until_it_was_matched(conversions: ConversionStore) -> None:
    await record(conversions, "r_1", purchase(), purchase("c_2"), reversal("x_1", "c_1"))
    waiting = await conversions.unmatched(2)
    assert [each.conversion.conversion_id for each in waiting] == ["c_1", "c_2"]
    (rest,) = await conversions.unmatched(9, waiting[-1].conversion)
    assert rest.conversion.conversion_id == "x_1"
    assert await conversions.unmatched(9, rest.conversion) == ()
    await conversions.mark_matched(waiting)
    assert [each.conversion.conversion_id for each in await conversions.unmatched(9)] == ["x_1"]
    assert await conversions.count_unmatched() == 1


async def test_what_is_seen_late_makes_the_conversions_after_it_wait_again(stores: Stores) -> None:
    conversions = stores.feedback.conversions
    others = [purchase("early", time_ms=499), purchase("late", time_ms=10_001), purchase("else", profile_id="p_2")]
    await record(conversions, "r_1", purchase(), *others)
    stale = await conversions.unmatched(9)
    await conversions.mark_matched(stale)
    await stores.outcomes.append(capture("r_2", sighting("o_1", contact(time_ms=500))))
    assert [each.conversion.conversion_id for each in await conversions.unmatched(9)] == ["c_1"]
    await conversions.mark_matched(stale)
    assert await conversions.count_unmatched() == 1, "who looked before it was seen has not looked since"
    await conversions.mark_matched(await conversions.unmatched(9))
    await stores.outcomes.append(capture("r_3", sighting("o_2")))
    assert await conversions.count_unmatched() == 0, "seen twice is seen once"


async def test_purchases_are_listed_page_by_page_in_their_order(conversions: ConversionStore) -> None:
    await record(conversions, "r_1", *(purchase(f"c_{i}", time_ms=1_000 + i // 2) for i in range(6)))
    await record(conversions, "r_2", reversal("x_1", "c_0"), purchase("c_9", time_ms=1_003))
    found, after = [], (1_000, "")
    while page := await conversions.purchases(after[0], 1_003, after[1], 4):
        found += [each.conversion_id for each in page]
        after = page[-1].occurred_time_ms, page[-1].conversion_id
    assert found == [f"c_{index}" for index in range(6)]


async def test_touches_are_taken_once_and_counted(touches: TouchStore) -> None:
    told = touch_batch("r_1", touch(), touch(), touch("t_2", "p_2", 1_005), touch("t_2", "p_2", 9))
    assert words_of((await touches.append(told)).response) == ["new", "duplicate", "new", "ID_REUSED"]
    assert words_of((await touches.append(touch_batch("r_2", touch()))).response) == ["duplicate"]
    assert await touches.between(["p_1", "p_9"], 1_000, 1_000) == (touch(),)
    assert await touches.costs(1_000, 1_005) == {("GOOGLE", "brand"): (1, UNIT)}
    assert await touches.costs(1_000, 1_006) == {("GOOGLE", "brand"): (2, 2 * UNIT)}


async def test_touches_told_by_many_at_once_are_new_once(stores: Stores, other_stores: Stores) -> None:
    async def one(index: int) -> list[str]:
        store = (stores, other_stores)[index % 2].feedback.touches
        return words_of((await store.append(touch_batch(f"r_{index}", touch()))).response)

    told = await asyncio.gather(*map(one, range(8)))
    assert sorted(word for words in told for word in words) == ["duplicate"] * 7 + ["new"]


async def test_an_erasure_takes_what_was_told_of_a_person_and_nothing_else(stores: Stores) -> None:
    feedback = stores.feedback
    await record(feedback.conversions, "r_1", purchase(), purchase("c_2", profile_id="p_2"), reversal("x_1", "c_1"))
    await feedback.touches.append(touch_batch("r_1", touch(), touch("t_2", "p_2")))
    await stores.outcomes.append(capture("r_2", sighting("o_1"), sighting("o_2", contact("d_2/a/b/C", "p_2"))))
    assert [each.conversion_id for each in await feedback.conversions.of_profiles(["p_1", "p_2"], "", 2)] == [
        "c_1",
        "c_2",
    ]
    assert [each.conversion_id for each in await feedback.conversions.of_profiles(["p_1"], "c_1", 9)] == ["x_1"]
    assert [each.touch_id for each in await feedback.touches.of_profiles(["p_1", "p_2"], "t_1", 9)] == ["t_2"]
    await stores.erasures.erase_told(["p_1"])
    assert [each.conversion_id for each in await feedback.conversions.of_profiles(["p_1", "p_2"], "", 9)] == ["c_2"]
    assert [each.touch_id for each in await feedback.touches.of_profiles(["p_1", "p_2"], "", 9)] == ["t_2"]
    assert [each.profile_id for each in await feedback.history.shown(["p_1", "p_2"], 0, 9_000)] == ["p_2"]
    assert [each.outcome.decision_id for each in await feedback.implied.unanswered(9_000, 9)] == ["d_2"]
