"""What successes are worth, from the outcome to the arbitration: whole services, in one process."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from services.orchestrator.app.capture_answer import ItemResult
from services.orchestrator.app.outcome_store import Money, OutcomeItem
from services.orchestrator.app.ports import Reward, ScoreQuestion, Scores, Severity
from services.orchestrator.domain.decision import Answer, Proposition
from services.orchestrator.domain.outcome import Outcome
from shared.errors import Unavailable
from tests.support.shop import Shop, fresh_id, inbound, open_shop

NAME = "policy: corner_shop\n"
BUYING = {
    NAME: NAME + "objectives:\n  buy: {outcomes: [CONVERTED], prior_value: 40}\n  click: {outcomes: [CLICKED]}\n",
    "arbitration: {reserve": "arbitration: {objective: buy, value: LEARNT, reserve",
    "tea: {issue: grow, business_value: '8.0'": "tea: {issue: grow, value: DECLARED, business_value: '8.0'",
}
"""Coffee is worth what is learnt, tea what is declared."""


@dataclass
class Scorer:
    """The scoring service, which can be made to say something else, or nothing."""

    scoring: object
    rewards: list[Reward] = field(default_factory=list)
    severity: Severity | None = None
    is_away: bool = False

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        if self.is_away:
            raise Unavailable("UNAVAILABLE", "away")
        scores: Scores = await self.scoring.score(question, deadline_ms=deadline_ms)  # type: ignore[attr-defined]
        return scores if self.severity is None else replace(scores, severity=self.severity)

    async def record_rewards(self, request_id: str, rewards: list[Reward], *, deadline_ms: int) -> None:
        self.rewards += rewards
        await self.scoring.record_rewards(request_id, rewards, deadline_ms=deadline_ms)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self.scoring, name)


async def bought(
    shop: Shop,
    answer: Answer,
    amount: str = "",
    kind: Outcome = Outcome.CONVERTED,
    shown: Proposition | None = None,
    **changes: object,
) -> ItemResult:
    units, _, nanos = amount.partition(".")
    money = Money("EUR", int(units), int(nanos.ljust(9, "0"))) if amount else None
    proposition_id = (shown or first(answer)).proposition_id
    item = replace(OutcomeItem(fresh_id("o"), kind, proposition_id, revenue=money), **changes)  # type: ignore[arg-type]
    return (await shop.orchestrator.capture_outcomes(fresh_id(), [item])).items[0]


def first(answer: Answer) -> Proposition:
    return answer.placements[0].propositions[0]


def by_action(answer: Answer) -> dict[str, float]:
    return {each.action: each.business_value for each in answer.placements[0].propositions}


async def test_a_reward_carries_what_the_presentation_came_to_and_corrections_take_its_place(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as plain:
        heard = Scorer(plain.others.scoring)
        async with open_shop(tmp_path, {"scoring": heard}) as shop:
            await shop.publish(BUYING)
            answer = await shop.decide()
            await bought(shop, answer, "49.9")
            await bought(shop, answer, "49.9", is_machine=True)
            await bought(shop, answer, "10")
            await bought(shop, answer, "20.4", Outcome.RETURNED)
            await bought(shop, answer, "3", Outcome.CLICKED)
            await bought(shop, answer, "", Outcome.RETURNED)
            told = [(each.reward, each.value) for each in heard.rewards if each.reward_key.endswith("/buy")]
            assert told == [(1.0, 49.9), (1.0, 59.9), (1.0, 39.5), (0.0, None)]
            assert {each.value for each in heard.rewards if each.reward_key.endswith("/click")} == {None}


async def test_the_proposition_and_the_record_have_the_value_that_decided(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.publish(BUYING)
        await shop.knows(age=42)
        before = await shop.decide(inbound("home_hero", count=2))
        assert by_action(before) == {"espresso": 40.0, "green_tea": 8.0}, "the prior value, and what is declared"
        coffee = next(each for each in before.placements[0].propositions if each.action == "espresso")
        await bought(shop, before, "900", shown=coffee)
        after = await shop.decide(inbound("home_hero", count=2))
        assert by_action(after)["green_tea"] == 8.0
        assert by_action(after)["espresso"] > 50.0
        for each in after.placements[0].propositions:
            worth = each.lever * each.context_weight * each.business_value * each.propensity - each.cost
            assert each.priority == pytest.approx(worth, rel=1e-12), "what is recorded gives the priority again"
        explained = await shop.orchestrator.explain_decision(after.decision_id)
        assert {each.action: each.priority for each in explained.answer.candidates} == {
            each.action: each.priority for each in after.candidates
        }


async def test_without_scores_the_declared_value_counts(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as plain:
        scorer = Scorer(plain.others.scoring)
        async with open_shop(tmp_path, {"scoring": scorer}) as shop:
            await shop.publish(BUYING)
            await shop.knows(age=42)
            scorer.is_away = True
            answer = await shop.decide(inbound("home_hero", count=2))
            assert (answer.degraded, by_action(answer)) == (True, {"espresso": 8.0, "green_tea": 8.0})


@pytest.mark.parametrize("nonsense", [np.nan, np.inf])
async def test_nonsense_for_an_amount_is_no_score(tmp_path: Path, nonsense: float) -> None:
    async with open_shop(tmp_path) as plain:
        scorer = Scorer(plain.others.scoring)
        async with open_shop(tmp_path, {"scoring": scorer}) as shop:
            await shop.publish(BUYING)
            await shop.knows(age=42)
            scorer.severity = Severity(np.array([nonsense, 1.0]), np.array([1.0, 1.0]))
            answer = await shop.decide(inbound("home_hero", count=2))
            assert (answer.degraded, by_action(answer)) == (True, {"espresso": 8.0, "green_tea": 8.0})


@pytest.mark.parametrize(
    ("revenue", "field_name"),
    [
        (Money("USD", 5, 0), "items[0].revenue.currency_code"),
        (Money("EUR", 10**12, 1_000), "items[0].revenue.units"),
        (Money("EUR", -(10**12) - 1, 0), "items[0].revenue.units"),
    ],
)
async def test_revenue_that_cannot_be_learnt_is_refused_and_nothing_is_kept(
    tmp_path: Path, revenue: Money, field_name: str
) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.publish(BUYING)
        answer = await shop.decide()
        result = await bought(shop, answer, revenue=revenue)
        assert result.fault is not None
        assert [each.field for each in result.fault.error().violations] == [field_name]
        assert not (await shop.orchestrator.get_decision(answer.decision_id)).outcomes


async def test_where_no_objective_learns_amounts_any_currency_with_a_rate_is_taken(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.publish({NAME: NAME + "currencies: {USD: 0.5}\n"})
        result = await bought(shop, await shop.decide(), revenue=Money("USD", 5, 0))
        assert result.fault is None


async def test_amounts_are_learnt_from_every_currency_with_a_rate_and_corrected(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as plain:
        heard = Scorer(plain.others.scoring)
        async with open_shop(tmp_path, {"scoring": heard}) as shop:
            await shop.publish(BUYING | {NAME: f"{BUYING[NAME]}currencies: {{USD: 0.5}}\n"})
            answer = await shop.decide()
            for money in (Money("USD", 30, 0), Money("EUR", 5, 500_000_000), Money("EUR", -2, 0)):
                assert (await bought(shop, answer, revenue=money)).fault is None
            assert [each.value for each in heard.rewards if each.reward_key.endswith("/buy")] == [15.0, 20.5, 18.5]
            outcomes = (await shop.orchestrator.get_decision(answer.decision_id)).outcomes
            assert sorted(each.revenue or 0 for each in outcomes) == [-2_000_000, 5_500_000, 15_000_000]


@pytest.mark.parametrize("formula", ["", ", formula: propensity * business_value"])
async def test_a_decision_by_learnt_values_keeps_to_the_formula_and_is_made_again_the_same(
    formula: str, tmp_path: Path
) -> None:
    arbitration = {"arbitration: {reserve": f"arbitration: {{objective: buy, value: LEARNT{formula}, reserve"}
    async with open_shop(tmp_path) as shop:
        await shop.publish(BUYING | arbitration)
        await shop.knows(age=42)
        before = await shop.decide(inbound("home_hero", count=2))
        await bought(shop, before, "90")
        answer = await shop.decide(inbound("home_hero", count=2))
        assert first(answer).priority > 0
        for each in answer.placements[0].propositions:
            weight = 1.0 if formula else each.lever * each.context_weight
            cost = 0.0 if formula else each.cost
            assert each.priority == pytest.approx(weight * each.business_value * each.propensity - cost, rel=1e-12)
        replayed = await shop.orchestrator.replay_decision(answer.decision_id, rescore=True)
        assert replayed.differing == ()
        assert replayed.rescored is not None
        assert replayed.rescored.is_within_tolerance
