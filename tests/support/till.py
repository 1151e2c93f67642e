"""A shop whose policy learns from conversions, and what happens at its till."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from services.orchestrator import bootstrap as deciding
from services.orchestrator.app.capture_answer import ItemFault
from services.orchestrator.app.get_attribution import AttributionKey, AttributionQuestion
from services.orchestrator.app.outcome_store import Money, OutcomeItem
from services.orchestrator.app.ports import Identity, Reward
from services.orchestrator.app.record_conversions import ConversionItem, OrderLine, RecordAnswer
from services.orchestrator.bootstrap import ScoringPort
from services.orchestrator.domain.decision import Answer, Proposition
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.settings import OrchestratorSettings
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


@asynccontextmanager
async def open_till(tmp_path: Path) -> AsyncIterator[Till]:
    """A shop that sells for an hour from now on."""
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
    return [told_of(each.fault) for each in answer.items]


def told_of(fault: ItemFault | None) -> str:
    return "" if fault is None else f"{fault.reason} {fault.metadata.get('field', '')}".strip()
