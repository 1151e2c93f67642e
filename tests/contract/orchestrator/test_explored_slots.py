"""How a policy wants slots to be explored reaches the draw, and the log says what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tandem.orchestrator.v1 import decision_pb2

from services.orchestrator.api.mapping.decisions import recorded_response
from services.orchestrator.app.get_decision import RecordedDecision
from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind
from services.orchestrator.domain.decision import Answer
from services.profile.domain.consents import ConsentStatus
from tests.support.shop import Shop, inbound, open_shop, outbound

NONE, THOMPSON, WEIGHTED = ExplorationKind

COFFEE, TEA = "coffee: {issue: grow, lever: 1.5,", "tea: {issue: grow,"
"""Coffee is worth half as much again, and nothing else tells them apart yet."""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        await opened.knows(age=42)
        yield opened


async def recorded(shop: Shop, answer: Answer) -> RecordedDecision:
    return await shop.orchestrator.get_decision(answer.decision_id)


def probabilities(decision: RecordedDecision) -> dict[str, float]:
    return {each.action: each.choice_probability for each in decision.answer.candidates}


async def test_the_group_of_the_best_says_how_its_slot_is_explored(shop: Shop) -> None:
    await shop.publish({COFFEE: f"{COFFEE} exploration: {{kind: INVERSE_GAP_WEIGHTING, gamma: 100, floor: 0.01}},"})
    decision = await recorded(shop, await shop.decide(inbound("home_hero")))
    by_action = {each.action: each for each in decision.answer.candidates}
    gap = (by_action["espresso"].priority - by_action["green_tea"].priority) / 12.0
    assert by_action["green_tea"].choice_probability == pytest.approx(1.0 / (2.0 + 100.0 * gap))
    assert by_action["espresso"].choice_probability == pytest.approx(1.0 - 1.0 / (2.0 + 100.0 * gap))
    (slot,) = decision.explored_slots
    assert slot.explored.exploration == Exploration(WEIGHTED, 100.0, 0.01)
    assert (slot.silence_probability, slot.explored.floor, slot.explored.floor_binds) == (0.0, 0.01, False)


async def test_every_slot_is_logged_as_its_own_best_wanted_it(shop: Shop) -> None:
    await shop.publish({COFFEE: f"{COFFEE} exploration: NONE,"})
    decision = await recorded(shop, await shop.decide(inbound("home_hero", "side_bar", count=2)))
    kinds = [(slot.placement_id, slot.slot, slot.explored.exploration.kind) for slot in decision.explored_slots]
    assert kinds == [("home_hero", 0, NONE), ("home_hero", 1, THOMPSON)]
    assert probabilities(decision) | {"green_tea": 0.0} == probabilities(decision)


async def test_what_is_regulated_is_proposed_only_as_the_best(shop: Shop) -> None:
    await shop.publish({TEA: f"{TEA} regulated: true,"})
    decision = await recorded(shop, await shop.decide(inbound("home_hero")))
    (slot,) = decision.explored_slots
    assert slot.silence_probability < 0.01
    assert probabilities(decision) == {"espresso": pytest.approx(1.0 - slot.silence_probability), "green_tea": 0.0}
    await shop.publish({COFFEE: f"{COFFEE} regulated: true,"})
    first = probabilities(await recorded(shop, await shop.decide(inbound("home_hero"))))
    assert 0.0 < first["green_tea"] < 0.5


async def test_an_outbound_channel_keeps_its_exploration_budget(shop: Shop) -> None:
    await shop.hears(ConsentStatus.GRANTED)
    await shop.publish({"exploration: THOMPSON}": "exploration: THOMPSON, exploration_budget: 0.05}"})
    decision = await recorded(shop, await shop.decide(outbound()))
    (slot,) = decision.explored_slots
    assert max(probabilities(decision).values()) == pytest.approx(0.95)
    assert slot.explored.budget_binds
    message = recorded_response(decision).explored_slots[0]
    assert (message.kind, message.rank) == (decision_pb2.EXPLORATION_KIND_THOMPSON, 1)
    assert (message.budget_bound, message.floor_bound) == (True, False)
    inside = await recorded(shop, await shop.decide(inbound("home_hero")))
    assert not inside.explored_slots[0].explored.budget_binds


@pytest.mark.parametrize("kind", ExplorationKind)
def test_kinds_have_the_numbers_of_the_contract(kind: ExplorationKind) -> None:
    assert decision_pb2.ExplorationKind.Value(f"EXPLORATION_KIND_{kind.name}") == kind
