"""Decisions in control arms, in the whole of one process: what each does, what it leaves alone, and that it can be made
again and explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.why_not import WhyNotQuestion
from services.orchestrator.bootstrap import open_stores
from services.orchestrator.domain.arms import CONTROLS, Arm, Arms, Membership
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.drops import Check, Stage
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.subject import Identity
from services.profile.app.identity_requests import MergeProfiles
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import Identity as ProfileIdentity
from shared.clock import system_clock
from shared.errors import InvalidArgument
from tests.support.limited_shop import MAIL_1, SERVICE_ESPRESSO, limits, ready
from tests.support.shop import ADA, Shop, fresh_id, inbound, open_shop, outbound
from tests.support.volume import declared

SHARES = {Arm.HOLDOUT: 0.3, Arm.RANDOM_ELIGIBLE: 0.3}
ARMS = Arms("corner_shop", SHARES)
POLICY = declared("arms: {holdout: 0.3, random_eligible: 0.3}")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish(POLICY)
        yield opened


async def customer(shop: Shop, arm: Arm, prefix: str = "crm") -> tuple[str, str]:
    """Somebody whom the hash puts in the arm, and their profile."""
    while True:
        who = f"{prefix}:{fresh_id('c')}"
        await shop.knows(who, age=42)
        answer = await shop.decide(inbound(who=who), mode=Mode.SIMULATE)
        if answer.arm == arm.name:
            return who, answer.profile_id


async def in_arm(shop: Shop, arm: Arm, *placements: str, who: str = "crm:ada") -> Answer:
    await shop.knows(who, age=42)
    return await shop.decide(inbound(*placements, who=who), mode=Mode.SIMULATE, forced_arm=arm.name)


def profile_identity(who: str) -> tuple[ProfileIdentity, ...]:
    namespace, _, value = who.partition(":")
    return (ProfileIdentity(namespace, value),)


def silence(answer: Answer, place: int = 0) -> NoActionReason | None:
    placement = answer.placements[place]
    without = placement.no_action or placement.fallback
    return None if without is None else without.reason


async def record_of(shop: Shop, answer: Answer) -> DecisionRecord:
    """As it is stored."""
    async with AsyncExitStack() as stack:
        record = await (await open_stores(shop.settings, stack)).log.get(answer.decision_id)
    assert record is not None
    return record


async def test_a_person_is_in_one_arm_on_every_channel_and_under_every_version(shop: Shop) -> None:
    people = [f"crm:{index}" for index in range(12)]
    before = {}
    for who in people:
        await shop.knows(who, age=42)
        before[who] = await shop.decide(inbound(who=who))
        assert before[who].arm == ARMS.arm_of(before[who].profile_id).name
        assert (await shop.decide(outbound("EMAIL", who=who))).arm == before[who].arm
    assert len({answer.arm for answer in before.values()}) == 3
    await shop.publish({**POLICY, "business_value: '8.0'": "business_value: '3.0'"})
    for who in people:
        after = await shop.decide(inbound("side_bar", who=who))
        assert after.versions.policy != before[who].versions.policy
        assert after.arm == before[who].arm


async def test_who_is_held_out_gets_the_fallback_or_silence_and_is_told_why(shop: Shop) -> None:
    who, _ = await customer(shop, Arm.HOLDOUT)
    answer = await shop.decide(inbound("home_hero", "side_bar", who=who))
    assert (answer.arm, silence(answer), silence(answer, 1)) == ("HOLDOUT", *(NoActionReason.HOLDOUT,) * 2)
    assert answer.placements[0].fallback is not None
    held = [each for each in answer.dropped if each.rule_id == Check.HOLDOUT.rule_id]
    assert {each.action for each in held} == {"green_tea", "espresso"}
    assert {(each.stage, each.observed) for each in held} == {(Stage.ARBITRATION, "HOLDOUT")}
    now_ms = system_clock()
    namespace, _, value = who.partition(":")
    identity = Identity(namespace, value)
    question = WhyNotQuestion((identity,), "green_tea", now_ms - 60_000, now_ms + 60_000, 1)
    (told,) = (await shop.orchestrator.why_not(question)).decisions
    assert [each.rule_id for each in told.reasons] == ["holdout"]
    assert {each.reason for each in told.empty} == {NoActionReason.HOLDOUT}


async def test_service_messages_reach_who_is_held_out(shop: Shop) -> None:
    await shop.publish({**POLICY, **SERVICE_ESPRESSO})
    who, _ = await customer(shop, Arm.HOLDOUT)
    answer = await shop.decide(inbound("home_hero", who=who, count=3))
    assert [each.action for each in answer.placements[0].propositions] == ["espresso"]


async def test_at_random_every_survivor_is_as_likely_whatever_it_is_worth(shop: Shop) -> None:
    dear = {"arbitration: {reserve: 0.01": "arbitration: {reserve: 1000000", "lever: 1.5": "lever: 90"}
    await shop.publish({**POLICY, **dear})
    who, _ = await customer(shop, Arm.RANDOM_ELIGIBLE)
    drawn = Counter[str]()
    for _ in range(240):
        answer = await shop.decide(inbound("home_hero", who=who))
        assert sorted(each.choice_probability for each in answer.candidates) == pytest.approx([0.5, 0.5])
        drawn[answer.placements[0].propositions[0].action] += 1
    assert set(drawn) == {"green_tea", "espresso"}
    assert min(drawn.values()) > 80, "seldom by chance: once in five million times"


async def test_what_is_regulated_is_left_to_no_chance(shop: Shop) -> None:
    await shop.publish({**POLICY, "  coffee: {issue: grow,": "  coffee: {issue: grow, regulated: true,"})
    by_arm = await in_arm(shop, Arm.RANDOM_ELIGIBLE)
    chances = {each.action: each.choice_probability for each in by_arm.candidates}
    assert chances == pytest.approx({"green_tea": 0.5, "espresso": 0.5}), "worth most: it may be chosen"
    await shop.publish({**POLICY, "lever: 1.5": "lever: 0.5, regulated: true"})
    by_arm = await in_arm(shop, Arm.RANDOM_ELIGIBLE)
    assert {each.action: each.choice_probability for each in by_arm.candidates}["espresso"] == 0.0


async def test_arms_without_a_model_levers_or_money_price_otherwise(shop: Shop) -> None:
    priced = {}
    for arm in CONTROLS:
        answer = await in_arm(shop, arm)
        priced[arm] = {each.action: (each.priority, each.propensity) for each in answer.candidates}
    assert priced[Arm.HOLDOUT] == {}
    prior = 0.1
    for priority, propensity in priced[Arm.PROPENSITY_ONLY].values():
        assert priority == propensity
    assert {name: each[0] for name, each in priced[Arm.RULES_ONLY].items()} == pytest.approx(
        {"green_tea": 8.0 * prior, "espresso": 1.5 * 8.0 * prior}
    )
    for priority, propensity in priced[Arm.NO_LEVERS].values():
        assert priority == pytest.approx(8.0 * propensity)
    espresso = priced[Arm.RANDOM_ELIGIBLE]["espresso"]
    assert espresso[0] == pytest.approx(1.5 * 8.0 * espresso[1])


async def test_rules_alone_ask_no_model_and_miss_none(shop: Shop) -> None:
    answer = await in_arm(shop, Arm.RULES_ONLY)
    assert (answer.versions.model, answer.degraded, answer.advisories) == ("", False, ())


@pytest.mark.parametrize("arm", list(Arm))
async def test_no_arm_touches_rules_consents_or_limits(arm: Arm, tmp_path: Path) -> None:
    async with ready(tmp_path, limits(MAIL_1)) as shop:

        async def reached(who: str = ADA) -> Answer:
            return await shop.decide(outbound("EMAIL", who=who), mode=Mode.SIMULATE, forced_arm=arm.name)

        is_held = arm is Arm.HOLDOUT
        assert (silence(await reached()) is NoActionReason.HOLDOUT) is is_held
        assert bool((await reached()).placements[0].propositions) is not is_held
        await shop.knows("crm:silent", age=42)
        assert silence(await reached("crm:silent")) is NoActionReason.NO_CONSENT
        await shop.decide(outbound("EMAIL"))
        assert silence(await reached()) is NoActionReason.CONTACT_POLICY
        await shop.knows("crm:young", age=12)
        young = await shop.decide(inbound(who="crm:young"), mode=Mode.SIMULATE, forced_arm=arm.name)
        assert "espresso" not in {each.action for each in young.candidates}


async def test_only_a_simulation_may_be_made_in_another_arm(shop: Shop) -> None:
    for mode, arm in ((Mode.EXECUTE, "HOLDOUT"), (Mode.PREFETCH, "HOLDOUT"), (Mode.SIMULATE, "PLACEBO")):
        with pytest.raises(InvalidArgument) as refused:
            await shop.decide(inbound(), mode=mode, forced_arm=arm)
        assert refused.value.metadata["field"] == "forced_arm"


async def test_nobody_known_is_decided_for_as_everybody(shop: Shop) -> None:
    for who in (None, "cookie:never_seen"):
        answer = await shop.decide(inbound(who=who))
        assert answer.arm == "DECISIONING"
        assert (await record_of(shop, answer)).arm.membership is Membership.NOBODY


async def test_of_two_arms_the_known_one_stays_and_the_person_is_left_out(shop: Shop) -> None:
    known, known_id = await customer(shop, Arm.HOLDOUT)
    visitor, _ = await customer(shop, Arm.DECISIONING, "cookie")
    before = await shop.decide(inbound(who=known))
    merged, survivor = (profile_identity(who) for who in (known, visitor))
    await shop.profile.merge_profiles(MergeProfiles(fresh_id(), survivor, merged, "the same person"))
    for who in (known, visitor):
        answer = await shop.decide(inbound(who=who))
        assert (answer.profile_id, answer.arm, answer.is_compared) == (known_id, "HOLDOUT", False)
    assert before.is_compared


async def test_decisions_of_every_arm_are_made_again_byte_for_byte(shop: Shop) -> None:
    shares = ", ".join(f"{arm.name.lower()}: 0.19" for arm in CONTROLS)
    await shop.publish(declared(f"arms: {{{shares}}}"))
    answers = []
    for arm in Arm:
        who, _ = await customer(shop, arm)
        await shop.hears(ConsentStatus.GRANTED, who)
        answers += [await shop.decide(inbound("home_hero", "side_bar", who=who, count=2))]
        answers += [await shop.decide(outbound("EMAIL", who=who))]
    await shop.publish(declared("arms_salt: another"))
    for answer in answers:
        replayed = await shop.orchestrator.replay_decision(answer.decision_id, rescore=True)
        assert (answer.arm, replayed.differing) == (answer.arm, ())
        assert replayed.rescored is not None
        assert replayed.rescored.is_within_tolerance
        explained = (await shop.orchestrator.explain_decision(answer.decision_id)).answer
        assert {(each.action, each.rule_id) for each in explained.dropped} == {
            (each.action, each.rule_id) for each in answer.dropped
        }
