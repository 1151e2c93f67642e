"""Conversions, touches, currencies and silence in the whole of one process: what is learnt, and what is reported."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from services.orchestrator.app import get_attribution
from services.orchestrator.app.get_attribution import AttributionKey
from services.orchestrator.app.outcome_store import Money, OutcomeItem
from services.orchestrator.app.record_conversions import ConversionItem, OrderLine, TouchItem
from services.orchestrator.domain.attribution import AttributionModel, split
from services.orchestrator.domain.outcome import Outcome
from services.profile.app.identity_requests import MergeProfiles
from services.profile.app.rights_requests import EraseSubject
from services.profile.domain.identities import Identity as ProfileIdentity
from shared.clock import MS_PER_DAY
from shared.errors import InvalidArgument
from tests.support.shop import fresh_id, inbound
from tests.support.till import (
    HOUR_MS,
    MATCHES,
    NAME,
    POLICY,
    TEA,
    Till,
    faults,
    first,
    identities,
    open_till,
    sale,
    told_of,
)


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with open_till(tmp_path) as opened:
        yield opened


async def test_a_purchase_is_the_success_of_the_last_thing_that_was_shown(till: Till) -> None:
    earlier = await till.shows()
    till.clock.now_ms += HOUR_MS
    later = await till.shows()
    till.clock.now_ms += HOUR_MS
    answer = await till.sells(sale())
    assert faults(answer) == [""]
    assert Outcome.CONVERTED in await till.outcomes(later)
    assert Outcome.CONVERTED not in await till.outcomes(earlier)
    assert till.heard.learnt("buy")[-1:] == [1.0]


async def test_a_purchase_after_the_window_or_before_teaches_nothing(till: Till) -> None:
    before = till.clock.now_ms - 1
    shown = await till.shows()
    await till.sells(sale(occurred_time_ms=before))
    till.clock.now_ms += 8 * MS_PER_DAY
    await till.sells(sale())
    assert Outcome.CONVERTED not in await till.outcomes(shown)
    assert 1.0 not in till.heard.learnt("buy")


async def test_coupons_and_articles_find_their_action(till: Till) -> None:
    shown = await till.shows()
    till.clock.now_ms += HOUR_MS
    await till.sells(sale("c_1", "crm:ada", replace(TEA, sku="soap"), coupon_code=" tea15"))
    assert first(shown).action == "green_tea"
    assert (till.heard.learnt("redeem")[-1:], 1.0 in till.heard.learnt("want")) == ([1.0], False)
    await till.sells(sale("c_2", "crm:ada", coupon_code="OTHER"))
    assert till.heard.learnt("want")[-1:] == [1.0]


async def test_one_wrong_conversion_does_not_lose_the_others(till: Till) -> None:
    ahead = till.clock.now_ms + HOUR_MS
    answer = await till.sells(
        sale("a"),
        sale("b", "crm:nobody"),
        sale("c", occurred_time_ms=ahead),
        sale("d", "crm:ada", replace(TEA, net_price=Money("CHF", 1, 0))),
        sale("e", "crm:ada", replace(TEA, net_price=Money("EUR", -1, 0))),
        sale("f", "crm:ada", replace(TEA, net_price=None)),
        sale("g", reverses_conversion_id="unknown"),
        sale("h", "crm:ada", OrderLine("tea-1", 3.0), reverses_conversion_id="a"),
        sale("i", "crm:ada", TEA, replace(TEA, quantity=1e9, net_price=Money("EUR", 10**12, 0))),
        InvalidArgument.field("conversions[9].lines[0].quantity", "must be greater than 0"),
        sale("k", ""),
    )
    assert faults(answer) == [
        "",
        "PROFILE_NOT_FOUND conversions[1].subject",
        "INVALID_FIELD conversions[2].occurred_time",
        "NO_EXCHANGE_RATE conversions[3].lines[0].net_price",
        "INVALID_FIELD conversions[4].lines[0].net_price",
        "REQUIRED_FIELD_MISSING conversions[5].lines[0].net_price",
        "CONVERSION_NOT_FOUND conversions[6].reverses_conversion_id",
        "INVALID_FIELD conversions[7].lines[0].quantity",
        "INVALID_FIELD conversions[8].lines[1].net_price",
        "INVALID_FIELD conversions[9].lines[0].quantity",
        "",
    ]
    assert (await till.attributed()).total.conversions == 2


async def test_money_of_other_currencies_is_worth_what_the_policy_says(till: Till) -> None:
    await till.sells(sale("a", "crm:ada", OrderLine("tea-1", 3.0, Money("USD", 10, 10_000_000))))
    assert (await till.attributed()).unattributed.revenue == 15_015_000
    shown = await till.shows()
    item = OutcomeItem(fresh_id("o"), Outcome.CLICKED, first(shown).proposition_id)
    dollars, francs = Money("USD", 3, 0), Money("CHF", 3, 0)
    told = [
        replace(item, idempotency_key=fresh_id("o"), revenue=each) for each in (dollars, francs, Money("EUR", -1, 0))
    ]
    taken = await till.shop.orchestrator.capture_outcomes(fresh_id(), told)
    assert [told_of(each.fault) for each in taken.items] == [
        "",
        "NO_EXCHANGE_RATE items[1].revenue",
        "INVALID_FIELD items[2].revenue",
    ]
    recorded = await till.shop.orchestrator.get_decision(shown.decision_id)
    assert [each.revenue for each in recorded.outcomes] == [None, 1_500_000]


async def test_an_outcome_of_no_decision_names_the_field(till: Till) -> None:
    early = OutcomeItem(fresh_id("o"), Outcome.CLICKED, "d_unknown.0.0")
    ours = OutcomeItem("tandem:ignored/x", Outcome.CLICKED, "d_unknown.0.0")
    taken = await till.shop.orchestrator.capture_outcomes(fresh_id(), [early, ours])
    assert [told_of(each.fault) for each in taken.items] == [
        "DECISION_NOT_FOUND items[0].proposition_id",
        "INVALID_FIELD items[1].idempotency_key",
    ]


async def test_who_does_not_respond_in_time_ignored_it(till: Till) -> None:
    silent = await till.shows()
    opened = await till.shows("crm:ada", Outcome.IMPRESSION, Outcome.CLICKED)
    unseen = await till.shop.decide(inbound())
    machine = await till.shop.decide(inbound(), excluded_actions=("espresso", "umbrella"))
    item = OutcomeItem(fresh_id("o"), Outcome.OPENED, first(machine).proposition_id, is_machine=True)
    await till.shop.orchestrator.capture_outcomes(fresh_id(), [item])
    assert {first(each).action for each in (silent, opened)} == {"green_tea"}
    till.clock.now_ms += 2 * HOUR_MS + 1
    await till.until(silent, Outcome.IMPRESSION, Outcome.IGNORED)
    assert await till.outcomes(opened) == [Outcome.IMPRESSION, Outcome.CLICKED]
    assert await till.outcomes(unseen) == []
    assert await till.outcomes(machine) == [Outcome.OPENED]


async def test_a_late_response_takes_the_silence_back_and_one_after_the_window_does_not(till: Till) -> None:
    answers = [await till.shows(), await till.shows()]
    decided_ms = till.clock.now_ms
    till.clock.now_ms += 2 * HOUR_MS + 1
    for answer in answers:
        await till.until(answer, Outcome.IMPRESSION, Outcome.IGNORED)
    late = [
        OutcomeItem(fresh_id("o"), Outcome.CLICKED, first(answer).proposition_id, outcome_time_ms=moment_ms)
        for answer, moment_ms in zip(answers, (decided_ms + HOUR_MS, till.clock.now_ms), strict=True)
    ]
    await till.shop.orchestrator.capture_outcomes(fresh_id(), late)
    assert await till.outcomes(answers[0]) == [Outcome.IMPRESSION, Outcome.CLICKED]
    assert await till.outcomes(answers[1]) == sorted([Outcome.IMPRESSION, Outcome.CLICKED, Outcome.IGNORED])


async def test_attribution_counts_own_contacts_and_those_that_others_told_of(till: Till) -> None:
    google = TouchItem(fresh_id("t"), identities("crm:ada"), "GOOGLE", "brand", Money("EUR", 0, 500_000_000))
    told = await till.shop.orchestrator.record_touches(fresh_id(), [google, replace(google, cost=Money("CHF", 1, 0))])
    assert [told_of(each.fault) for each in told.items] == ["", "NO_EXCHANGE_RATE touches[1].cost"]
    till.clock.now_ms += HOUR_MS
    await till.shows()
    till.clock.now_ms += HOUR_MS
    await till.sells(sale())
    linear = await till.attributed(model=AttributionModel.LINEAR)
    assert [(row.key, row.revenue, row.conversions, row.cost) for row in linear.rows] == [
        ("GOOGLE", 5_250_000, 0.5, 500_000),
        ("WEB", 5_250_000, 0.5, 10_000),
    ]
    assert linear.rows[0].roas == 10.5
    last = await till.attributed(by=AttributionKey.ACTION)
    assert [(row.key, row.revenue) for row in last.rows] == [("green_tea", 10_500_000), ("", 0)]
    campaigns = await till.attributed(by=AttributionKey.CAMPAIGN, model=AttributionModel.FIRST_TOUCH)
    assert [(row.key, row.revenue) for row in campaigns.rows] == [("brand", 10_500_000), ("", 0)]
    assert last.total.margin == 2_000_000


async def test_attribution_is_computed_off_the_loop(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    await till.shows()
    till.clock.now_ms += HOUR_MS
    await till.sells(sale())
    threads = set[threading.Thread]()

    def seen(amount: int, shares: Sequence[float]) -> list[int]:
        threads.add(threading.current_thread())
        return split(amount, shares)

    monkeypatch.setattr(get_attribution, "split", seen)
    assert (await till.attributed()).total.conversions == 1
    assert threads
    assert threading.current_thread() not in threads


async def test_what_was_bought_before_a_merge_counts_to_the_survivor(till: Till) -> None:
    shop = till.shop
    await shop.knows("cookie:7", age=42)
    shown = await till.shows("cookie:7")
    till.clock.now_ms += HOUR_MS
    await till.sells(sale("c_1"))
    assert (await till.attributed()).unattributed.revenue == 10_500_000
    survivor, merged = (ProfileIdentity("crm", "ada"),), (ProfileIdentity("cookie", "7"),)
    await shop.profile.merge_profiles(MergeProfiles(fresh_id(), survivor, merged, "the same person"))
    assert [(row.key, row.revenue) for row in (await till.attributed()).rows] == [("WEB", 10_500_000)]
    await till.sells(sale("c_2"))
    assert Outcome.CONVERTED in await till.outcomes(shown)


async def test_an_erased_person_leaves_no_conversion_and_no_touch(till: Till) -> None:
    await till.shows()
    till.clock.now_ms += HOUR_MS
    await till.sells(sale())
    google = TouchItem(fresh_id("t"), identities("crm:ada"), "GOOGLE", cost=Money("EUR", 1, 0))
    await till.shop.orchestrator.record_touches(fresh_id(), [google])
    profile_id = (await till.shop.decide(inbound())).profile_id
    exported = [type(each).__name__ async for each in till.shop.orchestrator.export_told([profile_id])]
    assert exported == ["Conversion", "Touch"]
    await till.shop.profile.erase_subject(EraseSubject(fresh_id(), (ProfileIdentity("crm", "ada"),)))
    await till.shop.orchestrator.erase_subject_data([profile_id])
    total = (await till.attributed()).total
    assert (total.conversions, total.revenue, total.cost, total.contacts) == (0, 0, 0, 0)
    assert faults(await till.sells(sale())) == ["PROFILE_NOT_FOUND conversions[0].subject"]


async def test_objectives_that_learn_amounts_learn_what_of_a_conversion_matched(till: Till) -> None:
    matched = {
        f"conversions: {{match: {kind}}}": f"prior_value: 20, conversions: {{match: {kind}}}" for kind in MATCHES
    }
    learning = POLICY[NAME]
    for written, instead in matched.items():
        learning = learning.replace(written, instead)
    await till.shop.publish(POLICY | {NAME: learning})
    shown = await till.shows()
    await till.sells(sale("a", "crm:ada", TEA, OrderLine("mug", 1.0, Money("USD", 6, 0))))
    await till.until(shown, Outcome.IMPRESSION, Outcome.CONVERTED, Outcome.CONVERTED)
    await till.valued("buy", 13.5)
    await till.valued("want", 10.5)
    assert (await till.attributed()).total.revenue == 13_500_000, "money stands with the conversion alone"
    await till.sells(sale("b", "crm:ada", OrderLine("pot", 1.0, Money("EUR", 30, 0))))
    await till.valued("buy", 43.5)
    await till.sells(ConversionItem("back", (), lines=(), reverses_conversion_id="a"))
    await till.valued("buy", 30.0)
    await till.valued("want", None)
