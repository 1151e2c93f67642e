"""Conversions, touches, currencies and silence in the whole of one process: what is learnt, and what is reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from services.orchestrator import bootstrap as deciding
from services.orchestrator.app.capture_answer import ItemFault
from services.orchestrator.app.get_attribution import AttributionKey, AttributionQuestion
from services.orchestrator.app.outcome_store import Money, OutcomeItem
from services.orchestrator.app.ports import Identity, Reward
from services.orchestrator.app.record_conversions import ConversionItem, OrderLine, RecordAnswer, TouchItem
from services.orchestrator.bootstrap import ScoringPort
from services.orchestrator.domain.attribution import AttributionModel
from services.orchestrator.domain.decision import Answer, Proposition
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.settings import OrchestratorSettings
from services.profile.app.identity_requests import MergeProfiles
from services.profile.app.rights_requests import EraseSubject
from services.profile.domain.identities import Identity as ProfileIdentity
from shared.clock import MS_PER_DAY, system_clock
from shared.errors import InvalidArgument
from tests.support.profiles import SteppingClock
from tests.support.shop import PATIENCE_MS, Shop, fresh_id, inbound, open_shop

HOUR_MS = 3_600_000
NAME = "policy: corner_shop\n"
POLICY = {
    NAME: NAME + "currencies: {USD: 0.5}\nobjectives:\n"
    "  click: {outcomes: [CLICKED], window: 1d}\n"
    "  buy: {outcomes: [CONVERTED], window: 7d, conversions: {match: any}}\n"
    "  redeem: {outcomes: [CONVERTED], window: 7d, conversions: {match: coupon}}\n"
    "  want: {outcomes: [CONVERTED], window: 7d, conversions: {match: sku}}\n",
    "arbitration: {reserve": "arbitration: {objective: click, reserve",
    "attributes: {kind: tea}": "attributes: {kind: tea, sku: tea-1, coupon_code: TEA15}",
    "attributes: {kind: coffee}": "attributes: {kind: coffee, sku: coffee-1, coupon_code: CAFE}",
    "green_tea_web: {channel: web,": "green_tea_web: {channel: web, response_window: 2h, cost: 0.01,",
}
MATCHES = ("any", "sku")
TEA = OrderLine("tea-1", 2.0, Money("EUR", 5, 250_000_000), Money("EUR", 1, 0))


@dataclass
class Heard:
    """The scoring service, with a note of what it was told."""

    scoring: ScoringPort
    rewards: list[Reward] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scoring, name)

    async def record_rewards(self, request_id: str, rewards: Sequence[Reward], *, deadline_ms: int) -> None:
        self.rewards += rewards
        await self.scoring.record_rewards(request_id, rewards, deadline_ms=deadline_ms)

    def learnt(self, objective: str) -> list[float]:
        """One after the other; telling the same again is telling it once."""
        told = [each.reward for each in self.rewards if each.reward_key.endswith(f"/{objective}")]
        return [reward for index, reward in enumerate(told) if index == 0 or told[index - 1] != reward]

    def amounts(self, objective: str) -> list[float | None]:
        return [each.value for each in self.rewards if each.reward_key.endswith(f"/{objective}")]


@dataclass(frozen=True, slots=True)
class Till:
    shop: Shop
    heard: Heard
    clock: SteppingClock

    async def shows(self, who: str = "crm:ada", *outcomes: Outcome) -> Answer:
        answer = await self.shop.decide(inbound(who=who), excluded_actions=("espresso", "umbrella"))
        await self.tell(answer, *(outcomes or (Outcome.IMPRESSION,)))
        return answer

    async def tell(self, answer: Answer, *outcomes: Outcome) -> None:
        items = [OutcomeItem(fresh_id("o"), each, first(answer).proposition_id) for each in outcomes]
        taken = await self.shop.orchestrator.capture_outcomes(fresh_id(), items)
        assert [item.fault for item in taken.items] == [None] * len(items)

    async def sells(self, *items: ConversionItem | InvalidArgument) -> RecordAnswer:
        return await self.shop.orchestrator.record_conversions(fresh_id(), items)

    async def outcomes(self, answer: Answer) -> list[Outcome]:
        recorded = await self.shop.orchestrator.get_decision(answer.decision_id)
        return sorted(each.item.outcome for each in recorded.outcomes)

    async def until(self, answer: Answer, *expected: Outcome) -> None:
        """What the background brings."""
        deadline_s = asyncio.get_running_loop().time() + 20
        while (found := await self.outcomes(answer)) != sorted(expected):
            assert asyncio.get_running_loop().time() < deadline_s, found
            await asyncio.sleep(0.05)

    async def valued(self, objective: str, amount: float | None) -> None:
        """What the scoring service was told last."""
        deadline_s = asyncio.get_running_loop().time() + 20
        while (found := self.heard.amounts(objective)[-1:]) != [amount]:
            assert asyncio.get_running_loop().time() < deadline_s, found
            await asyncio.sleep(0.05)

    async def attributed(self, by: AttributionKey = AttributionKey.CHANNEL, **changed: Any) -> Any:
        now_ms = self.clock.now_ms
        question = AttributionQuestion(now_ms - 30 * MS_PER_DAY, now_ms + HOUR_MS, by=by)
        return await self.shop.orchestrator.get_attribution(replace(question, **changed))


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    clock = SteppingClock(system_clock())
    async with open_shop(tmp_path, asking_clock=clock) as plain, AsyncExitStack() as stack:
        heard = Heard(plain.others.scoring)
        settings = OrchestratorSettings(data_dir=tmp_path / "own")
        others = replace(plain.others, scoring=heard)
        options = deciding.DecidingOptions(b"secret", PATIENCE_MS)
        opened = await deciding.bootstrap(settings, stack, others=others, options=options, clock=clock)
        shop = replace(plain, orchestrator=opened.app, others=others, settings=settings)
        await shop.publish(POLICY)
        await shop.knows(age=42)
        clock.now_ms = system_clock() + HOUR_MS  # other services read the clock of the machine
        yield Till(shop, heard, clock)


def first(answer: Answer) -> Proposition:
    return answer.placements[0].propositions[0]


def sale(conversion_id: str = "", who: str = "crm:ada", *lines: OrderLine, **changed: Any) -> ConversionItem:
    item = ConversionItem(conversion_id or fresh_id("c"), identities(who), lines=lines or (TEA,))
    return replace(item, **changed)


def identities(who: str) -> tuple[Identity, ...]:
    namespace, _, value = who.partition(":")
    return (Identity(namespace, value),) if who else ()


def faults(answer: RecordAnswer) -> list[str]:
    """The reason, and the field where one is named."""
    return [_told(each.fault) for each in answer.items]


def _told(fault: ItemFault | None) -> str:
    return "" if fault is None else f"{fault.reason} {fault.metadata.get('field', '')}".strip()


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


async def test_one_return_leaves_the_success_of_another_purchase(till: Till) -> None:
    await till.shows()
    till.clock.now_ms += HOUR_MS
    await till.sells(sale("c_1"), sale("c_2"))
    await till.sells(replace(sale("x_1", reverses_conversion_id="c_1"), lines=()))
    assert till.heard.learnt("buy") == [1.0]
    await till.sells(replace(sale("x_2", reverses_conversion_id="c_2"), lines=()))
    assert till.heard.learnt("buy") == [1.0, 0.0]


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
    assert [_told(each.fault) for each in taken.items] == [
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
    assert [_told(each.fault) for each in taken.items] == [
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
    assert [_told(each.fault) for each in told.items] == ["", "NO_EXCHANGE_RATE touches[1].cost"]
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
