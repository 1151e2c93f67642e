"""Laws of decisions, held against random people, policies and moments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.orchestrator.app.command import DecideCommand
from services.orchestrator.domain.decision import Answer, Dropped, Mode
from services.orchestrator.domain.drops import Stage
from services.profile.domain.consents import ConsentStatus
from shared.clock import system_clock
from tests.support.shop import Shop, cart_add, fresh_id, inbound, open_shop, outbound

LAWS = settings(max_examples=25, suppress_health_check=list(HealthCheck))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        yield opened


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


PEOPLE = st.fixed_dictionaries(
    {},
    optional={
        "age": optional(st.integers(0, 99)),
        "tier": optional(st.sampled_from(["bronze", "silver", "gold"])),
        "margin": optional(st.floats(-50.0, 50.0)),
        "first_name": st.sampled_from(["Ada", "Maximiliane-Theodora"]),
    },
)
CONSENTS = st.lists(st.tuples(st.sampled_from(ConsentStatus), st.sampled_from(["", "EMAIL", "SMS"])), max_size=3)
CONTEXTS = st.fixed_dictionaries({}, optional={"weather": st.sampled_from(["sun", "rain"])})
PLACES = st.sampled_from([("home_hero",), ("side_bar", "home_hero"), ("side_bar", "attic", "home_hero")])


@st.composite
def requests(draw: st.DrawFn, who: str) -> DecideCommand:
    if draw(st.booleans()):
        command = outbound(*draw(st.sampled_from([(), ("EMAIL",), ("SMS", "EMAIL")])), who=who)
    else:
        command = inbound(*draw(PLACES), who=who, count=draw(st.integers(1, 3)))
    excluded = tuple(draw(st.lists(st.sampled_from(["green_tea", "espresso", "gold_card"]), unique=True, max_size=2)))
    events = (cart_add(who),) if draw(st.booleans()) else ()
    across = draw(st.sampled_from([None, True, False]))
    return replace(command, excluded_actions=excluded, events=events, across_placements=across, context=draw(CONTEXTS))


async def somebody(shop: Shop, data: st.DataObject) -> str:
    who = f"crm:{fresh_id('person')}"
    traits: dict[str, Any] = data.draw(PEOPLE)
    if traits:
        await shop.knows(who, **traits)
    for status, channel in data.draw(CONSENTS):
        await shop.hears(status, who, channel=channel)
    return who


def chosen(answer: Answer) -> set[tuple[str, str]]:
    return {(each.action, each.channel) for place in answer.placements for each in place.propositions}


@LAWS
@given(st.data())
async def test_what_was_dropped_never_wins_and_probabilities_are_probabilities(shop: Shop, data: st.DataObject) -> None:
    answer = await shop.decide(data.draw(requests(await somebody(shop, data))))
    winners = chosen(answer)
    everywhere = {each.action for each in answer.dropped if not each.channel}
    on_channel = {(each.action, each.channel) for each in answer.dropped if each.channel}
    assert winners.isdisjoint(on_channel)
    assert everywhere.isdisjoint(action for action, _ in winners)
    assert len(answer.dropped) == sum(answer.dropped_by_stage.values())
    for place in answer.placements:
        assert sum(map(bool, (place.propositions, place.fallback, place.no_action))) == 1
        at_place = [each for each in answer.candidates if each.placement_id == place.placement_id]
        assert sum(each.choice_probability for each in at_place) <= 1.0 + 1e-9
        assert all(each.choice_probability > 0.0 for each in place.propositions)


@LAWS
@given(st.data())
async def test_a_contact_rests_on_a_consent_that_is_cited(shop: Shop, data: st.DataObject) -> None:
    who = await somebody(shop, data)
    answer = await shop.decide(outbound(who=who))
    for place in answer.placements:
        assert all(each.consent_ref.startswith(f"{who}#MARKETING/") for each in place.propositions)
    refused = {each.channel for each in answer.dropped if each.stage == Stage.CONSENT}
    assert refused.isdisjoint(channel for _, channel in chosen(answer))


@LAWS
@given(st.data())
async def test_an_explanation_is_the_decision_explained(shop: Shop, data: st.DataObject) -> None:
    command = data.draw(requests(await somebody(shop, data)))
    answer = await shop.decide(command)
    assert (await shop.orchestrator.explain_decision(answer.decision_id)).answer == answer
    recorded = await shop.orchestrator.get_decision(answer.decision_id)
    kept = command if answer.profile_id else command.without_names()
    assert (recorded.command, recorded.answer) == (kept, answer)


@LAWS
@given(st.data())
async def test_a_simulation_competes_like_the_real_thing(shop: Shop, data: st.DataObject) -> None:
    command = replace(data.draw(requests(await somebody(shop, data))), decision_time_ms=system_clock())
    simulated = await shop.decide(replace(command, mode=Mode.SIMULATE))
    executed = await shop.decide(command)
    assert before_arbitration(simulated) == before_arbitration(executed)
    assert of_money(simulated) == of_money(executed)


def before_arbitration(answer: Answer) -> list[Dropped]:
    return [each for each in answer.dropped if each.stage != Stage.ARBITRATION]


def of_money(answer: Answer) -> set[tuple[str, str, float]]:
    return {(each.action, each.placement_id, each.priority) for each in answer.candidates}
