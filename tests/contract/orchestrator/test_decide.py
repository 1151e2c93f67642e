"""One decision from the request to the record, through real services in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from services.orchestrator.app.ports import ConsentSignals
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.decision import Explain, Mode
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.places import Accepts, PlacementRequest, PlaceRequest
from services.profile.domain.consents import ConsentStatus
from shared.clock import MS_PER_DAY, system_clock, to_ms
from shared.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from shared.values import FeatureStatus
from tests.support.dumps import dump_sqlite
from tests.support.shop import Shop, actions, cart_add, inbound, open_shop, outbound

GRANTED, REVOKED, DENIED = ConsentStatus.GRANTED, ConsentStatus.REVOKED, ConsentStatus.DENIED
NO_BASIS = {"profiling: {basis: LEGITIMATE_INTEREST}\n": ""}
HOUR_MS = 3_600_000


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        yield opened


async def test_before_the_first_policy_nothing_is_decided(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as empty:
        with pytest.raises(FailedPrecondition) as refusal:
            await empty.decide()
    assert refusal.value.reason == "NO_ACTIVE_POLICY"


async def test_a_proposition_carries_all_that_it_was_chosen_by(shop: Shop) -> None:
    await shop.knows(age=42, first_name="Ada")
    answer = await shop.decide(inbound("home_hero", count=2))
    (placement,) = answer.placements
    assert sorted(actions(placement)) == ["espresso", "green_tea"]
    assert [proposition.rank for proposition in placement.propositions] == [1, 2]
    tea = next(each for each in placement.propositions if each.action == "green_tea")
    assert tea.content == {"title": "Green tea, Ada?"}
    assert (tea.issue, tea.group, tea.treatment, tea.channel) == ("grow", "tea", "green_tea_web", "WEB")
    for each in placement.propositions:
        value = each.lever * each.propensity * each.context_weight * each.business_value - each.cost
        assert each.priority == pytest.approx(value)
    assert answer.versions.model
    assert answer.feature_statuses["age"] is FeatureStatus.PRESENT


async def test_candidates_have_the_probabilities_they_were_drawn_by(shop: Shop) -> None:
    await shop.knows(age=42)
    answer = await shop.decide(inbound("home_hero"))
    (proposition,) = answer.placements[0].propositions
    by_action = {candidate.action: candidate.choice_probability for candidate in answer.candidates}
    assert by_action[proposition.action] == proposition.choice_probability
    assert min(by_action.values()) > 0.0
    assert sum(by_action.values()) == pytest.approx(1.0, abs=1e-6)


async def test_unknown_people_get_what_asks_for_nothing(shop: Shop) -> None:
    for who in ("cookie:nobody", None):
        answer = await shop.decide(inbound(who=who))
        assert answer.profile_id == ""
        assert actions(answer.placements[0]) == ["green_tea"]
        assert set(answer.feature_statuses.values()) == {FeatureStatus.NOT_FOUND}
        assert answer.advisories == ()


@pytest.mark.parametrize("mode", Mode)
async def test_the_id_of_a_profile_that_is_none_is_not_found(shop: Shop, mode: Mode) -> None:
    await shop.knows(age=42)
    known = (await shop.decide(inbound())).profile_id
    assert (await shop.decide(inbound(who=f"profile:{known}"), mode=mode)).profile_id == known
    for more in ({}, {"consent_signals": ConsentSignals(gpc=True)}, {"events": (cart_add("profile:p_none"),)}):
        with pytest.raises(NotFound) as refused:
            await shop.decide(inbound(who="profile:p_none"), mode=mode, **more)
        assert refused.value.reason == "PROFILE_NOT_FOUND"


async def test_every_action_is_either_proposed_or_dropped_for_a_reason(shop: Shop) -> None:
    answer = await shop.decide(inbound())
    reasons = {(each.action, each.rule_id, each.attribute, each.threshold) for each in answer.dropped}
    assert reasons == {
        ("espresso", "adult", "age", ">= 18"),
        ("gold_card", "is_gold", "tier", '== "gold"'),
        ("free_delivery", "has_basket", "cart_adds_1h", ">= 1"),
        ("umbrella", "rains", "context.weather", '== "rain"'),
        ("summer_2020", "valid_until", "now()", "< 2020-09-02T00:00:00Z"),
        ("asleep", "paused", "", ""),
    }
    assert sum(answer.dropped_by_stage.values()) == len(reasons)


async def test_reasons_are_given_only_to_those_who_ask(shop: Shop) -> None:
    silent = await shop.decide(inbound(explain=Explain.NONE))
    brief = await shop.decide(inbound(explain=Explain.REASONS))
    assert (silent.dropped, silent.candidates, brief.candidates) == ((), (), ())
    assert len(brief.dropped) == 6
    assert silent.dropped_by_stage == brief.dropped_by_stage


async def test_events_of_the_call_are_known_to_its_rules(shop: Shop) -> None:
    answer = await shop.decide(replace(inbound(), events=(cart_add(),)))
    assert actions(answer.placements[0]) == ["free_delivery"]
    again = await shop.decide(inbound())
    assert actions(again.placements[0]) == ["free_delivery"]


async def test_an_event_of_a_clock_that_runs_ahead_is_known_too(shop: Shop) -> None:
    ahead = cart_add(event_time_ms=system_clock() + 60_000)
    answer = await shop.decide(replace(inbound(), events=(ahead,)))
    assert actions(answer.placements[0]) == ["free_delivery"]


async def test_the_context_of_the_request_is_known_to_the_rules(shop: Shop) -> None:
    answer = await shop.decide(replace(inbound(), context={"weather": "rain", "mood": "fine"}))
    assert actions(answer.placements[0]) == ["umbrella"]


@pytest.mark.parametrize("value", [3, "snow", ("rain",)], ids=["type", "not allowed", "list"])
async def test_a_declared_context_attribute_must_be_what_it_is_declared_to_be(shop: Shop, value: object) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        await shop.decide(replace(inbound(), context={"weather": value}))  # type: ignore[dict-item]
    assert [violation.field for violation in refusal.value.violations] == ['context["weather"]']


async def test_an_action_without_a_price_is_dropped_and_says_so(shop: Shop) -> None:
    await shop.knows(tier="gold")
    answer = await shop.decide(inbound())
    assert "gold_card" not in actions(answer.placements[0])
    (dropped,) = [each for each in answer.dropped if each.action == "gold_card"]
    assert (dropped.stage, dropped.rule_id, dropped.status) == (9, "business_value", FeatureStatus.NOT_FOUND)


async def test_excluded_actions_do_not_come(shop: Shop) -> None:
    answer = await shop.decide(replace(inbound("side_bar"), excluded_actions=("green_tea",)))
    assert answer.placements[0].no_action is not None
    assert answer.placements[0].no_action.reason is NoActionReason.NOT_ELIGIBLE
    (dropped,) = [each for each in answer.dropped if each.action == "green_tea"]
    assert (dropped.stage, dropped.rule_id) == (1, "excluded_actions")


async def test_an_action_fills_one_placement_unless_the_caller_wants_more(shop: Shop) -> None:
    once = await shop.decide(inbound("side_bar", "home_hero"))
    assert actions(once.placements[0]) == ["green_tea"]
    fallback = once.placements[1].fallback
    assert fallback is not None
    assert (fallback.treatment, fallback.reason) == ("brand_story", NoActionReason.EXHAUSTED)
    twice = await shop.decide(replace(inbound("side_bar", "home_hero"), across_placements=False))
    assert [actions(placement) for placement in twice.placements] == [["green_tea"], ["green_tea"]]


async def test_texts_come_in_the_nearest_locale(shop: Shop) -> None:
    french = await shop.decide(replace(inbound(), locale="fr-CA"))
    assert french.placements[0].propositions[0].content == {"title": "Du thé vert ?"}
    german = await shop.decide(replace(inbound(), locale="de"))
    assert german.placements[0].propositions[0].locale == "en"


async def test_a_text_too_long_for_the_placement_is_not_shown_there(shop: Shop) -> None:
    await shop.knows(age=42)
    placement = PlacementRequest("side_bar", 2, Accepts(max_length=30))
    answer = await shop.decide(replace(inbound(), places=PlaceRequest(Direction.INBOUND, (), (placement,))))
    assert actions(answer.placements[0]) == ["green_tea"]
    (dropped,) = [each for each in answer.dropped if each.action == "espresso"]
    assert (dropped.stage, dropped.rule_id, dropped.channel) == (6, "accepts", "WEB")


async def test_what_a_name_makes_too_long_is_not_shown_either(shop: Shop) -> None:
    await shop.knows(first_name="Maximiliane-Theodora von und zu Hohenstein")
    placement = PlacementRequest("side_bar", 1, Accepts(max_length=30))
    answer = await shop.decide(replace(inbound(), places=PlaceRequest(Direction.INBOUND, (), (placement,))))
    assert answer.placements[0].no_action is not None
    assert answer.placements[0].no_action.reason is NoActionReason.CHANNEL


async def test_silence_is_worth_its_reserve(shop: Shop) -> None:
    await shop.publish({"reserve: 0.01": "reserve: 1000.0"})
    answer = await shop.decide(inbound("side_bar"))
    silence = answer.placements[0].no_action
    assert silence is not None
    assert (silence.reason, silence.choice_probability) == (NoActionReason.BELOW_RESERVE, 1.0)
    assert silence.expected_value == pytest.approx(answer.candidates[0].priority)
    (lost,) = [each for each in answer.dropped if each.stage == 9]
    assert (lost.action, lost.rule_id, lost.threshold) == ("green_tea", "priority", ">= 1000")


async def test_nobody_is_reached_without_consent(shop: Shop) -> None:
    await shop.knows(age=42)
    answer = await shop.decide(outbound())
    silence = answer.placements[0].no_action
    assert silence is not None
    assert silence.reason is NoActionReason.NO_CONSENT
    consent = {(each.action, each.channel, each.attribute) for each in answer.dropped if each.rule_id == "consent"}
    assert consent == {
        ("green_tea", "EMAIL", "consent.MARKETING/EMAIL"),
        ("espresso", "SMS", "consent.MARKETING/SMS"),
    }


async def test_consent_opens_its_channel_until_it_is_revoked(shop: Shop) -> None:
    await shop.knows(age=42)
    await shop.hears(GRANTED, channel="EMAIL")
    reached = await shop.decide(outbound())
    (proposition,) = reached.placements[0].propositions
    assert (proposition.channel, proposition.consent_ref) == ("EMAIL", "crm:ada#MARKETING/EMAIL")
    await shop.hears(REVOKED, channel="EMAIL")
    silent = await shop.decide(outbound())
    assert silent.placements[0].no_action is not None
    assert silent.placements[0].no_action.reason is NoActionReason.NO_CONSENT


async def test_a_consent_that_has_expired_permits_nothing_whatever_moment_is_decided_for(shop: Shop) -> None:
    now_ms = system_clock()
    await shop.knows(age=42)
    await shop.hears(GRANTED, channel="EMAIL", granted_ms=now_ms - 10 * HOUR_MS, expire_ms=now_ms - HOUR_MS)
    earlier = replace(outbound(), decision_time_ms=now_ms - 2 * HOUR_MS)
    executed = await shop.decide(earlier)
    assert executed.placements[0].no_action is not None
    assert executed.placements[0].no_action.reason is NoActionReason.NO_CONSENT
    simulated = await shop.decide(replace(earlier, request_id="simulated", mode=Mode.SIMULATE))
    assert simulated.placements[0].propositions


async def test_an_objection_closes_every_channel(shop: Shop) -> None:
    await shop.hears(GRANTED, channel="EMAIL")
    await shop.hears(DENIED)
    answer = await shop.decide(outbound("EMAIL"))
    assert answer.placements[0].no_action is not None
    observed = [each.observed for each in answer.dropped if each.rule_id == "consent"]
    assert observed == ["OBJECTED"]


async def test_reaching_out_needs_somebody(shop: Shop) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        await shop.decide(outbound(who=None))
    assert [violation.field for violation in refusal.value.violations] == ["subject.identities"]


async def test_without_a_basis_for_profiling_the_answer_uses_no_profile(shop: Shop) -> None:
    await shop.publish(NO_BASIS)
    await shop.knows(age=42)
    answer = await shop.decide(inbound())
    assert answer.advisories == ("PROFILING_BASIS_MISSING",)
    assert answer.feature_statuses["age"] is FeatureStatus.NOT_FOUND
    assert actions(answer.placements[0]) == ["green_tea"]
    await shop.hears(GRANTED, purpose="PROFILING")
    assert (await shop.decide(inbound())).feature_statuses["age"] is FeatureStatus.PRESENT


async def test_a_simulated_event_needs_a_basis_like_a_recorded_one(shop: Shop) -> None:
    await shop.publish(NO_BASIS)
    command = replace(inbound(who="cookie:new"), events=(cart_add("cookie:new"),))
    simulated = await shop.decide(replace(command, mode=Mode.SIMULATE))
    executed = await shop.decide(command)
    assert simulated.advisories == executed.advisories == ("PROFILING_BASIS_MISSING",)
    assert actions(simulated.placements[0]) == actions(executed.placements[0]) == ["green_tea"]


async def test_the_same_request_has_one_decision(shop: Shop) -> None:
    command = inbound()
    first = await shop.decide(command)
    await shop.publish({"reserve: 0.01": "reserve: 1000.0"})
    assert await shop.decide(command) == first
    assert (await shop.decide(inbound())).decision_id != first.decision_id


async def test_the_same_request_sent_many_times_at_once_has_one_decision(shop: Shop) -> None:
    command = replace(inbound(), events=(cart_add(),))
    answers = await asyncio.gather(*(shop.decide(command) for _ in range(10)))
    assert {answer.decision_id for answer in answers} == {answers[0].decision_id}
    assert all(answer == answers[0] for answer in answers)


async def test_another_request_under_the_same_id_is_refused(shop: Shop) -> None:
    command = inbound()
    await shop.decide(command)
    with pytest.raises(AlreadyExists) as refusal:
        await shop.decide(replace(command, locale="fr"))
    assert refusal.value.reason == "REQUEST_ID_REUSED"


async def test_a_simulation_knows_the_events_and_leaves_no_trace(shop: Shop) -> None:
    await shop.knows(age=42)
    await shop.hears(GRANTED)
    folder = shop.settings.data_dir
    before = dump_sqlite(folder)
    command = replace(inbound(), mode=Mode.SIMULATE, events=(cart_add(),))
    simulated = await shop.decide(command)
    assert actions(simulated.placements[0]) == ["free_delivery"]
    await shop.decide(replace(command, locale="fr"))
    assert dump_sqlite(folder) == before
    assert actions((await shop.decide(inbound())).placements[0]) != ["free_delivery"]


async def test_a_simulation_names_wrong_events_as_the_request_does(shop: Shop) -> None:
    wrong = replace(cart_add(), type="Cart Add!")
    for mode in Mode:
        with pytest.raises(InvalidArgument) as refusal:
            await shop.decide(replace(inbound(), mode=mode, events=(cart_add(), wrong)))
        assert [violation.field for violation in refusal.value.violations] == ["events[1].type"]
        assert refusal.value.metadata["field"] == "events[1].type"


async def test_decisions_may_be_made_for_another_moment(shop: Shop) -> None:
    then = 1_590_000_000_000  # May 2020: iced tea was in season
    simulated = await shop.decide(replace(inbound("side_bar", count=3), decision_time_ms=then, mode=Mode.SIMULATE))
    assert "summer_2020" in actions(simulated.placements[0])
    assert simulated.decision_time_ms == then
    executed = await shop.decide(replace(inbound("side_bar", count=3), decision_time_ms=then))
    assert "summer_2020" not in actions(executed.placements[0]), "it has ended by now"
    (ended,) = (each for each in executed.dropped if each.action == "summer_2020")
    assert (ended.rule_id, ended.threshold) == ("valid_until", "< 2020-09-02T00:00:00Z")
    assert isinstance(ended.observed, datetime)
    assert to_ms(ended.observed) > executed.decision_time_ms + 365 * MS_PER_DAY
    with pytest.raises(InvalidArgument):
        await shop.decide(replace(inbound(), decision_time_ms=system_clock() + HOUR_MS))


async def test_an_explanation_gives_the_reasons_and_probabilities_of_the_decision(shop: Shop) -> None:
    await shop.knows(age=42, tier="gold")
    await shop.hears(GRANTED, channel="SMS")
    for command in (inbound("home_hero", "side_bar", count=2), outbound()):
        asked = await shop.decide(replace(command, events=(cart_add(),)))
        unasked = await shop.decide(replace(command, request_id=f"{command.request_id}_b", explain=Explain.NONE))
        explained = await shop.orchestrator.explain_decision(asked.decision_id)
        assert explained.answer == asked
        assert explained.attributes["age"].value == 42
        assert explained.segments == ("gold",)
        late = await shop.orchestrator.explain_decision(unasked.decision_id)
        assert len(late.answer.dropped) == sum(unasked.dropped_by_stage.values())


async def test_an_explanation_holds_after_everything_changed(shop: Shop) -> None:
    await shop.knows(age=42)
    decided = await shop.decide(inbound("home_hero", count=2))
    await shop.knows(age=12)
    await shop.hears(DENIED, purpose="PROFILING")
    await shop.publish({"age >= 18": "age >= 99"})
    assert (await shop.orchestrator.explain_decision(decided.decision_id)).answer == decided


async def test_a_decision_is_kept_with_its_request_and_every_candidate(shop: Shop) -> None:
    await shop.knows(age=42)
    command = inbound("home_hero", explain=Explain.NONE)
    decided = await shop.decide(command)
    recorded = await shop.orchestrator.get_decision(decided.decision_id)
    assert recorded.command == command
    assert replace(recorded.answer, candidates=()) == decided
    assert {candidate.action for candidate in recorded.answer.candidates} == {"green_tea", "espresso"}


async def test_a_wide_catalogue_competes_whole(shop: Shop) -> None:
    tea = "  tea_{0}: {{group: tea, treatments: {{tea_{0}_web: {{channel: web, content: {{en: {{title: T}}}}}}}}}}\n"
    many = "".join(tea.format(index) for index in range(600))
    await shop.publish({"actions:\n": f"actions:\n{many}"})
    answer = await shop.decide(inbound())
    assert len(answer.candidates) == 601
    assert sum(candidate.choice_probability for candidate in answer.candidates) == pytest.approx(1.0, abs=1e-6)
    assert min(candidate.choice_probability for candidate in answer.candidates) > 0.0
