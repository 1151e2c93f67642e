"""What conversions are the success of, whatever comes back, whenever, and whoever else looks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from services.orchestrator import bootstrap as deciding
from services.orchestrator.adapters.sqlite_conversion_store import SqliteConversionStore
from services.orchestrator.app import match_conversions
from services.orchestrator.app.record_conversions import OrderLine, RecordAnswer
from services.orchestrator.domain.conversion import Conversion
from services.orchestrator.domain.outcome import Outcome
from shared.errors import Aborted
from tests.support.shop import fresh_id, inbound
from tests.support.till import (
    HOUR_MS,
    TEA,
    Till,
    faults,
    open_till,
    sale,
)


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with open_till(tmp_path) as opened:
        yield opened


async def test_nothing_that_was_not_seen_is_credited_until_it_is_told_that_it_was(till: Till) -> None:
    answer = await till.shop.decide(inbound(), excluded_actions=("espresso", "umbrella"))
    till.clock.now_ms += HOUR_MS
    await till.sells(sale())
    assert await till.outcomes(answer) == []
    await till.tell(answer, Outcome.IMPRESSION)
    await till.until(answer, *[Outcome.IMPRESSION], *[Outcome.CONVERTED] * 2)


async def test_the_same_sale_told_again_is_learnt_once(till: Till) -> None:
    shown = await till.shows()
    till.clock.now_ms += HOUR_MS
    told = sale("c_1", coupon_code="TEA15")
    assert [each.duplicate for each in (await till.sells(told, told)).items] == [False, True]
    assert [each.duplicate for each in (await till.sells(told)).items] == [True]
    assert faults(await till.sells(replace(told, store_id="lyon"))) == ["ID_REUSED conversions[0].conversion_id"]
    assert (await till.outcomes(shown)).count(Outcome.CONVERTED) == 3, "one of each objective"
    assert (await till.attributed()).total.conversions == 1


async def test_what_came_back_whole_is_no_success_and_no_revenue(till: Till) -> None:
    shown = await till.shows()
    till.clock.now_ms += HOUR_MS
    both = (TEA, replace(TEA, sku="coffee-1", quantity=1.0))
    await till.sells(sale("c_1", "crm:ada", *both))
    part = sale("x_1", "", OrderLine("tea-1", 2.0), reverses_conversion_id="c_1")
    assert faults(await till.sells(part)) == [""]
    assert (till.heard.learnt("want")[-1], till.heard.learnt("buy")[-1]) == (0.0, 1.0)
    assert (await till.attributed()).total.revenue == 5_250_000
    rest = replace(sale("x_2", "", reverses_conversion_id="c_1"), lines=())
    assert faults(await till.sells(rest)) == [""]
    assert till.heard.learnt("buy")[-1] == 0.0
    assert (await till.attributed()).total.revenue == 0
    assert (await till.outcomes(shown)).count(Outcome.RETURNED) == 2


async def test_what_came_back_before_it_was_credited_earns_nothing(till: Till) -> None:
    answer = await till.shop.decide(inbound(), excluded_actions=("espresso", "umbrella"))
    till.clock.now_ms += HOUR_MS
    await till.sells(sale("c_1", "crm:ada", TEA, replace(TEA, sku="coffee-1", quantity=1.0)))
    back = sale("x_1", "", OrderLine("tea-1", 2.0), reverses_conversion_id="c_1")
    assert faults(await till.sells(back)) == [""]
    await till.tell(answer, Outcome.IMPRESSION)
    await till.until(answer, Outcome.IMPRESSION, Outcome.CONVERTED)
    assert 1.0 not in till.heard.learnt("want"), "the tea came back"


async def test_a_return_that_another_replica_looks_at_first_is_not_lost(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, and looked at in vain, between this one's look at what came back and the credit."""
    answer = await till.shows()
    till.clock.now_ms += HOUR_MS
    back = replace(sale("x_1", "", reverses_conversion_id="c_1"), lines=())
    read, told = SqliteConversionStore.reversals, list[RecordAnswer]()
    async with AsyncExitStack() as stack:
        options = deciding.DecidingOptions(b"secret", 10_000)
        opened = await deciding.bootstrap(
            till.shop.settings, stack, others=till.shop.others, options=options, clock=till.clock
        )

        async def reversals(store: SqliteConversionStore, ids: Sequence[str]) -> Mapping[str, Sequence[Conversion]]:
            found = await read(store, ids)
            if not told and "c_1" in ids:
                monkeypatch.undo()
                told.append(await opened.app.record_conversions(fresh_id(), [back]))
            return found

        monkeypatch.setattr(SqliteConversionStore, "reversals", reversals)
        await till.sells(sale("c_1"))
        assert [faults(each) for each in told] == [[""]]
        both = [Outcome.CONVERTED] * 2 + [Outcome.RETURNED] * 2
        await till.until(answer, Outcome.IMPRESSION, *both)


async def test_one_that_cannot_be_matched_holds_nobody_back(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than a round looks at together, and none of them kept from being matched later."""
    read, is_broken = SqliteConversionStore.reversals, True

    async def reversals(store: SqliteConversionStore, ids: Sequence[str]) -> Mapping[str, Sequence[Conversion]]:
        if is_broken and any(each.startswith("bad") for each in ids):
            raise KeyError("a record that nobody can read") if "bad_0" in ids else Aborted("CONCURRENT_CHANGE", "again")
        return await read(store, ids)

    monkeypatch.setattr(SqliteConversionStore, "reversals", reversals)
    monkeypatch.setattr(match_conversions, "BATCH", 4)
    answer = await till.shows()
    till.clock.now_ms += HOUR_MS
    bad = [sale(f"bad_{index}") for index in range(2 * match_conversions.IN_VAIN)]
    assert faults(await till.sells(*bad)) == [""] * len(bad)
    await till.sells(sale("good"))
    await till.until(answer, Outcome.IMPRESSION, Outcome.CONVERTED, Outcome.CONVERTED)
    is_broken = False
    await till.until(answer, Outcome.IMPRESSION, *[Outcome.CONVERTED] * 2 * (len(bad) + 1))


async def test_nothing_comes_back_before_it_was_bought(till: Till) -> None:
    await till.sells(sale("c_1"))
    early = sale("x_1", "", reverses_conversion_id="c_1", occurred_time_ms=till.clock.now_ms - 1)
    assert faults(await till.sells(early)) == ["INVALID_FIELD conversions[0].occurred_time"]
    assert (await till.attributed()).total.revenue == 10_500_000
    assert faults(await till.sells(replace(early, occurred_time_ms=till.clock.now_ms))) == [""]


async def test_who_brings_something_back_need_not_have_bought_it(till: Till) -> None:
    (bought,) = (await till.sells(sale("c_1", "crm:ada"))).items
    (back,) = (await till.sells(replace(sale("x_1", "crm:grace", reverses_conversion_id="c_1"), lines=()))).items
    assert (back.fault, back.profile_id) == (None, bought.profile_id)


async def test_one_return_leaves_the_success_of_another_purchase(till: Till) -> None:
    await till.shows()
    till.clock.now_ms += HOUR_MS
    await till.sells(sale("c_1"), sale("c_2"))
    await till.sells(replace(sale("x_1", reverses_conversion_id="c_1"), lines=()))
    assert till.heard.learnt("buy") == [1.0]
    await till.sells(replace(sale("x_2", reverses_conversion_id="c_2"), lines=()))
    assert till.heard.learnt("buy") == [1.0, 0.0]
