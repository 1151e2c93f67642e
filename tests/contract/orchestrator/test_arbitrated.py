"""What a policy says of arbitration reaches the answer, and the record makes the decision again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tandem.orchestrator.v1 import decision_pb2 as pb

from services.orchestrator.api.mapping.answer import response_of
from services.orchestrator.api.mapping.decisions import recorded_response
from services.orchestrator.api.mapping.request import command_from
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.arbitration.assignment import Method
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.places import PlacementRequest
from services.profile.domain.consents import ConsentStatus
from shared.errors import InvalidArgument
from tests.support.frequencies import Tally
from tests.support.replay import record_in
from tests.support.shop import Shop, actions, fresh_id, inbound, open_shop, outbound

ARBITRATION = "arbitration: {reserve: 0.01, exploration: THOMPSON}"


@asynccontextmanager
async def shop_with(folder: Path, arbitration: str, others: Mapping[str, str] | None = None) -> AsyncIterator[Shop]:
    async with open_shop(folder) as shop:
        await shop.publish({ARBITRATION: f"arbitration: {{reserve: 0.01, {arbitration}}}", **(others or {})})
        await shop.knows(age=42)
        yield shop


async def kept(folder: Path, answer: Answer) -> DecisionRecord:
    return await record_in(folder, answer.decision_id)


async def replays(shop: Shop, answer: Answer) -> bool:
    return (await shop.orchestrator.replay_decision(answer.decision_id)).is_identical


async def test_a_place_falls_silent_on_purpose_and_the_ghost_is_recorded(tmp_path: Path) -> None:
    async with shop_with(tmp_path, "randomised_silence: {inbound: 1.0}") as shop:
        answer = await shop.decide(inbound("side_bar"))
        no_action = answer.placements[0].no_action
        assert no_action is not None
        assert no_action.reason is NoActionReason.RANDOMISED_SILENCE
        assert no_action.choice_probability == pytest.approx(1.0)
        decision = await shop.orchestrator.get_decision(answer.decision_id)
        (slot,) = recorded_response(decision).explored_slots
        silence = slot.randomised_silence
        assert (silence.silence_probability, silence.withheld, silence.ghost_channel) == (1.0, True, "WEB")
        assert silence.ghost_action in {"green_tea", "espresso"}
        assert 0.0 < silence.winner_probability < 1.0
        ghost = next(each for each in decision.answer.candidates if each.action == silence.ghost_action)
        assert no_action.expected_value == pytest.approx(ghost.priority)
        (dropped,) = [each for each in answer.dropped if each.action == silence.ghost_action]
        assert (dropped.rule_id, dropped.threshold) == ("randomised_silence", "withheld on purpose")
        assert len(answer.dropped) == sum(answer.dropped_by_stage.values())
        assert await replays(shop, answer)


async def test_a_guaranteed_fallback_is_shown_in_a_silence_on_purpose(tmp_path: Path) -> None:
    async with shop_with(tmp_path, "randomised_silence: {inbound: 1.0}") as shop:
        (place,) = (await shop.decide(inbound("home_hero"))).placements
        assert place.fallback is not None
        assert (place.fallback.treatment, place.fallback.reason) == ("brand_story", NoActionReason.RANDOMISED_SILENCE)


async def test_service_messages_are_never_withheld(tmp_path: Path) -> None:
    service = {"  green_tea:\n    group: tea\n": "  green_tea:\n    group: tea\n    message_class: service\n"}
    async with shop_with(tmp_path, "randomised_silence: {outbound: 1.0}", service) as shop:
        await shop.hears(ConsentStatus.GRANTED)
        assert actions((await shop.decide(outbound("EMAIL"))).placements[0]) == ["green_tea"]
        (sms,) = (await shop.decide(outbound("SMS"))).placements
        assert sms.no_action is not None
        assert sms.no_action.reason is NoActionReason.RANDOMISED_SILENCE


@pytest.mark.parametrize("exploration", ["THOMPSON", "NONE"])
async def test_what_was_dropped_never_wins(tmp_path: Path, exploration: str) -> None:
    arbitration = (
        f"exploration: {exploration}, at_most: [{{issue: grow, count: 2}}], randomised_silence: {{inbound: 0.3}}"
    )
    async with shop_with(tmp_path, arbitration) as shop:
        for index in range(30):
            asked = inbound("home_hero", "side_bar", "attic", count=1 + index % 2)
            context = {"weather": "rain"} if index % 3 else {}
            answer = await shop.decide(asked, context=context, across_placements=bool(index % 4))
            winners = {(each.action, each.channel) for place in answer.placements for each in place.propositions}
            assert winners.isdisjoint({(each.action, each.channel) for each in answer.dropped})
            assert {action for action, _ in winners}.isdisjoint(
                {each.action for each in answer.dropped if not each.channel}
            )
            assert sum(action in {"green_tea", "espresso"} for action, _ in winners) <= 2
            assert len(answer.dropped) == sum(answer.dropped_by_stage.values())
            assert await replays(shop, answer)


async def test_choices_come_as_often_as_logged_with_silence(tmp_path: Path) -> None:
    silent = {"  web: {direction: INBOUND}": "  web: {direction: INBOUND, randomised_silence: 0.3}"}
    tally = Tally()
    async with shop_with(tmp_path, "exploration: THOMPSON", silent) as shop:
        for _ in range(250):
            answer = await shop.decide(inbound("side_bar"), mode=Mode.SIMULATE)
            candidates = {each.action: each.choice_probability for each in answer.candidates}
            vector = [*candidates.values(), 1.0 - sum(candidates.values())]
            chosen = actions(answer.placements[0])
            index = list(candidates).index(chosen[0]) if chosen else -1
            assert vector[-1] == pytest.approx(0.3, abs=0.01)
            tally.count("web", np.round(vector, 12), index)
    assert tally.p_value() > 1e-4


async def test_at_most_one_of_a_group_is_proposed_and_the_rest_say_why(tmp_path: Path) -> None:
    at_most = "exploration: THOMPSON, at_most: [{issue: grow, count: 1}]"
    async with shop_with(tmp_path, at_most) as shop:
        answer = await shop.decide(inbound("home_hero", "side_bar", count=2))
        chosen = [action for place in answer.placements for action in actions(place)]
        assert len(chosen) == 1
        (dropped,) = [each for each in answer.dropped if each.rule_id.startswith("at_most")]
        assert {dropped.action, *chosen} == {"green_tea", "espresso"}
        assert (dropped.rule_id, dropped.observed, dropped.threshold) == ("at_most.grow", 1, "< 1")
        assert answer.placements[1].no_action is not None
        assert answer.placements[1].no_action.reason is NoActionReason.EXHAUSTED
        assert len(answer.dropped) == sum(answer.dropped_by_stage.values())
        assert await replays(shop, answer)


async def test_several_places_are_assigned_where_nothing_is_explored(tmp_path: Path) -> None:
    async with shop_with(tmp_path, "exploration: NONE") as shop:
        answer = await shop.decide(inbound("home_hero", "side_bar"))
        assert [actions(place) for place in answer.placements] == [["espresso"], ["green_tea"]]
        assert all(each.choice_probability == 1.0 for place in answer.placements for each in place.propositions)
        assert answer.assignment is not None
        assert (answer.assignment.method, answer.assignment.gap) == (Method.IN_ORDER, 0.0)
        assert response_of(answer).assignment.value == pytest.approx(answer.assignment.value)
        assert (await shop.decide(inbound("home_hero"))).assignment is None
        assert await replays(shop, answer)


async def test_one_action_may_fill_several_places_where_the_request_says_so(tmp_path: Path) -> None:
    async with shop_with(tmp_path, "exploration: NONE") as shop:
        both = await shop.decide(inbound("home_hero", "side_bar"), across_placements=False)
        assert [actions(place) for place in both.placements] == [["espresso"], ["espresso"]]


async def test_a_formula_says_what_ranks(tmp_path: Path) -> None:
    weak = {"'8.0', attributes: {kind: coffee}": "'2.0', attributes: {kind: coffee}"}
    async with shop_with(tmp_path / "money", "exploration: NONE", weak) as shop:
        assert actions((await shop.decide(inbound())).placements[0]) == ["green_tea"]
    by_lever = "exploration: NONE, formula: propensity * lever"
    async with shop_with(tmp_path / "lever", by_lever, weak) as shop:
        answer = await shop.decide(inbound())
        (chosen,) = answer.placements[0].propositions
        assert chosen.action == "espresso"
        assert chosen.priority == pytest.approx(1.5 * chosen.propensity)
        assert await replays(shop, answer)


async def test_under_one_key_a_placement_says_one_thing(tmp_path: Path) -> None:
    async with shop_with(tmp_path, "exploration: THOMPSON, sticky: 30m") as shop:
        first = await shop.decide(inbound("side_bar"), sticky_key="page")
        (drawn,) = first.placements[0].propositions
        for _ in range(12):
            again = await shop.decide(inbound("side_bar"), sticky_key="page")
            (served,) = again.placements[0].propositions
            assert (served.action, served.choice_probability) == (drawn.action, drawn.choice_probability)
            assert served.sticky_from_decision_id == first.decision_id
        assert await replays(shop, again)
        record = await kept(tmp_path, again)
        (slot,) = record.slots
        assert slot.sticky is not None
        (explored,) = recorded_response(await shop.orchestrator.get_decision(again.decision_id)).explored_slots
        assert explored.sticky_from_decision_id == first.decision_id
        others = [await shop.decide(inbound("side_bar"), sticky_key=fresh_id("k")) for _ in range(2)]
        assert all(not each.placements[0].propositions[0].sticky_from_decision_id for each in others)


async def test_what_is_served_again_must_still_be_a_candidate(tmp_path: Path) -> None:
    async with shop_with(tmp_path, "exploration: THOMPSON, sticky: 30m") as shop:
        first = await shop.decide(inbound("side_bar"), sticky_key="page")
        (drawn,) = actions(first.placements[0])
        other = await shop.decide(inbound("side_bar"), sticky_key="page", excluded_actions=(drawn,))
        (proposition,) = other.placements[0].propositions
        assert (proposition.action != drawn, proposition.sticky_from_decision_id) == (True, "")
        third = await shop.decide(inbound("side_bar"), sticky_key="page")
        assert third.placements[0].propositions[0].sticky_from_decision_id == other.decision_id


async def test_more_places_and_ranks_are_drawn_around_what_is_served_again(tmp_path: Path) -> None:
    async with shop_with(tmp_path, "exploration: THOMPSON, sticky: 30m") as shop:
        first = await shop.decide(inbound("side_bar"), sticky_key="page")
        (drawn,) = actions(first.placements[0])
        more = await shop.decide(inbound("home_hero", "side_bar"), sticky_key="page")
        hero, side = more.placements
        assert actions(side) == [drawn]
        assert drawn not in actions(hero)
        assert [each.propositions[0].sticky_from_decision_id for each in (hero, side)] == ["", first.decision_id]


@pytest.mark.parametrize(
    ("arbitration", "changed"),
    [("sticky: 30m", {}), ("exploration: THOMPSON", {"sticky_key": "page"})],
    ids=["no key", "no period"],
)
async def test_without_a_key_or_a_period_everything_is_drawn(
    tmp_path: Path, arbitration: str, changed: dict[str, str]
) -> None:
    async with shop_with(tmp_path, arbitration) as shop:
        answers = [await shop.decide(inbound("side_bar"), **changed) for _ in range(12)]
        assert len({actions(answer.placements[0])[0] for answer in answers}) == 2
        assert (await kept(tmp_path, answers[-1])).sticky == ()


async def test_a_period_ends_and_a_simulation_remembers_nothing(tmp_path: Path) -> None:
    async with shop_with(tmp_path, "exploration: THOMPSON, sticky: 1ms") as shop:
        await shop.decide(inbound("side_bar"), sticky_key="page")
        later = await shop.decide(inbound("side_bar"), sticky_key="page")
        assert later.placements[0].propositions[0].sticky_from_decision_id == ""
        earlier_ms = later.decision_time_ms - 60_000
        await asyncio.sleep(0.01)
        backdated = await shop.decide(inbound("side_bar"), sticky_key="page", decision_time_ms=earlier_ms)
        assert backdated.placements[0].propositions[0].sticky_from_decision_id == "", "it has expired by now"
    async with shop_with(tmp_path / "other", "exploration: THOMPSON, sticky: 1h") as shop:
        await shop.decide(inbound("side_bar"), sticky_key="page", mode=Mode.SIMULATE)
        answer = await shop.decide(inbound("side_bar"), sticky_key="page")
        assert answer.placements[0].propositions[0].sticky_from_decision_id == ""


async def test_nobody_in_particular_is_decided_for(tmp_path: Path) -> None:
    """A kiosk, a sign: no person, no limits of a person, no stickiness, and the record makes it again."""
    async with shop_with(tmp_path, "exploration: THOMPSON, sticky: 1h, randomised_silence: {inbound: 0.1}") as shop:
        for _ in range(5):
            answer = await shop.decide(inbound("home_hero", "side_bar", who=None), sticky_key="kiosk_7")
            assert answer.profile_id == ""
            assert {action for place in answer.placements for action in actions(place)} <= {"green_tea"}
            assert all(not each.sticky_from_decision_id for place in answer.placements for each in place.propositions)
            assert await replays(shop, answer)


def test_ten_thousand_placements_are_refused_by_name() -> None:
    request = pb.DecideRequest(
        request_id="r", placements=[pb.Placement(placement_id=f"p{index}") for index in range(10_000)]
    )
    with pytest.raises(InvalidArgument) as refused:
        command_from(request)
    (violation,) = refused.value.violations
    assert (violation.field, violation.description) == ("placements", "must be at most 100")


def test_dedup_and_sticky_key_are_read() -> None:
    request = pb.DecideRequest(request_id="r", sticky_key="page", dedup=pb.Dedup(across_channels=False))
    command = command_from(request)
    assert (command.across_placements, command.across_channels, command.sticky_key) == (None, False, "page")


async def test_places_are_asked_for_once(tmp_path: Path) -> None:
    async with shop_with(tmp_path, "exploration: NONE") as shop:
        command = inbound("side_bar")
        twice = (PlacementRequest("side_bar"), PlacementRequest("side_bar"))
        with pytest.raises(InvalidArgument) as refused:
            await shop.decide(replace(command, places=replace(command.places, placements=twice)))
        assert refused.value.violations[0].field == "placements[1].placement_id"
