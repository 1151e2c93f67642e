"""Rewards reach the scoring service in the end, and one that it refuses holds back no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.orchestrator.adapters.metrics import PrometheusTelemetry
from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.courier import RETRY_MS, Courier
from services.orchestrator.app.learning_consent import LearningConsent
from services.orchestrator.app.outcome_store import Capture, OutcomeStore, Presentation
from services.orchestrator.app.reward_courier import BATCH, reward_courier
from services.orchestrator.bootstrap import open_stores
from services.orchestrator.domain.outcome import Effect
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.subject import Identity
from services.orchestrator.settings import OrchestratorSettings
from services.profile.domain.consents import ConsentStatus
from shared.clock import system_clock
from shared.rpc.channel import open_channel
from tests.support.decisions import captured
from tests.support.profiles import SteppingClock
from tests.support.shop import Shop, fresh_id, inbound, open_shop
from tests.support.shop_policy import policy_files


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        yield opened


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[OutcomeStore]:
    """Apart from the shop's, so that nobody else delivers from it."""
    async with AsyncExitStack() as stack:
        yield (await open_stores(OrchestratorSettings(data_dir=tmp_path / "outbox"), stack)).outcomes


@pytest.fixture
async def policies(shop: Shop) -> AsyncIterator[ActivePolicies]:
    async with AsyncExitStack() as stack:
        yield ActivePolicies((await open_stores(shop.settings, stack)).policies, system_clock)


CourierAt = Callable[[SteppingClock], Courier]


@pytest.fixture
def courier_at(outbox: OutcomeStore, shop: Shop, policies: ActivePolicies) -> CourierAt:
    def courier(clock: SteppingClock) -> Courier:
        consent = LearningConsent(shop.others.profile, policies, clock)
        return reward_courier(outbox, shop.others.scoring, consent, PrometheusTelemetry(), clock)

    return courier


async def queue(outbox: OutcomeStore, shop: Shop, actions: list[str], who: Sequence[Identity] = ()) -> None:
    """One reward per action, of nobody or of a person each."""
    policy = compile_policy(policy_files()).policy
    assert policy is not None
    feature_set = await shop.others.scoring.publish_feature_set(fresh_id(), policy.feature_set)
    outcomes = [captured(f"o_{index}", Effect.SHOWN, reward_key=f"k_{index}") for index in range(len(actions))]
    presentations = {
        f"k_{index}": Presentation(feature_set, action, "WEB", "home_hero", {}, tuple(who[index : index + 1]))
        for index, action in enumerate(actions)
    }
    await outbox.append(Capture("CaptureOutcomes", "r_1", "body", outcomes, presentations, lambda _: b""))


async def learnt(shop: Shop) -> int:
    return int((await shop.decide(inbound())).versions.model.rpartition("@")[2])


async def test_more_than_a_batch_is_delivered_in_one_go(
    shop: Shop, outbox: OutcomeStore, courier_at: CourierAt
) -> None:
    await queue(outbox, shop, ["green_tea"] * (BATCH + 3))
    await courier_at(SteppingClock(system_clock())).deliver_now(20_000)
    assert await outbox.count_pending(system_clock()) == 0
    assert await learnt(shop) == BATCH + 3


async def test_a_refused_reward_is_given_up_and_the_others_are_learnt(
    shop: Shop, outbox: OutcomeStore, courier_at: CourierAt
) -> None:
    await queue(outbox, shop, ["green_tea", "no_such_action", "espresso", "neither", "green_tea"])
    await courier_at(SteppingClock(system_clock())).deliver_now(20_000)
    assert await outbox.count_pending(system_clock()) == 0
    assert await learnt(shop) == 3


async def test_after_a_failure_it_rests_before_it_tries_again(
    shop: Shop, outbox: OutcomeStore, courier_at: CourierAt
) -> None:
    await queue(outbox, shop, ["green_tea"])
    clock = SteppingClock(system_clock())
    sender = courier_at(clock)
    await sender.deliver_now(0)
    assert await outbox.count_pending(system_clock()) == 1
    await sender.deliver_now(20_000)
    assert await outbox.count_pending(system_clock()) == 1, "it did not rest"
    clock.now_ms += RETRY_MS
    await sender.deliver_now(20_000)
    assert await outbox.count_pending(system_clock()) == 0


def sample(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


async def test_who_refused_to_be_learnt_from_is_not_and_holds_back_nobody(
    shop: Shop, outbox: OutcomeStore, courier_at: CourierAt
) -> None:
    for name in ("ann", "bob"):
        await shop.hears(ConsentStatus.GRANTED, f"crm:{name}", purpose="TRAINING")
    await shop.hears(ConsentStatus.REVOKED, "crm:bob", purpose="TRAINING")
    before = sample("tandem_rewards_withheld_total")
    who = [Identity("crm", name) for name in ("ann", "bob", "nobody_knows")]
    await queue(outbox, shop, ["green_tea"] * 4, who)
    await courier_at(SteppingClock(system_clock())).deliver_now(20_000)
    assert await outbox.count_pending(system_clock()) == 0
    assert await learnt(shop) == 3
    assert sample("tandem_rewards_withheld_total") - before == 1


async def test_where_consent_is_asked_for_only_who_gave_it_is_learnt_from(
    shop: Shop, outbox: OutcomeStore, courier_at: CourierAt
) -> None:
    await shop.publish({"policy: corner_shop\n": "policy: corner_shop\npurposes: {training: {basis: consent}}\n"})
    await shop.hears(ConsentStatus.GRANTED, "crm:ann", purpose="TRAINING")
    who = [Identity("crm", name) for name in ("ann", "bob", "nobody_knows")]
    await queue(outbox, shop, ["green_tea"] * 4, who)
    await courier_at(SteppingClock(system_clock())).deliver_now(20_000)
    assert await learnt(shop) == 2, "ann, and nobody"


async def test_somebody_who_is_not_there_any_more_is_not_learnt_from(
    shop: Shop, outbox: OutcomeStore, policies: ActivePolicies
) -> None:
    await queue(outbox, shop, ["green_tea"], [Identity("crm", "gone")])
    (waiting,) = await outbox.pending(1, system_clock())
    erased = replace(waiting, presentation=replace(waiting.presentation, profile_id="p_gone"))
    consent = LearningConsent(shop.others.profile, policies, system_clock)
    assert await consent.permitted([waiting, erased], deadline_ms=system_clock() + 5_000) == [True, False]


async def test_rewards_wait_while_nobody_can_tell_who_may_be_learnt_from(
    shop: Shop, outbox: OutcomeStore, policies: ActivePolicies
) -> None:
    await queue(outbox, shop, ["green_tea"], [Identity("crm", "ann")])
    clock = SteppingClock(system_clock())
    async with open_channel("127.0.0.1:1") as nowhere:
        consent = LearningConsent(GrpcProfiles(nowhere, system_clock), policies, clock)
        sender = reward_courier(outbox, shop.others.scoring, consent, PrometheusTelemetry(), clock)
        await sender.deliver_now(3_000)
    assert await outbox.count_pending(system_clock()) == 1
    assert await learnt(shop) == 0
