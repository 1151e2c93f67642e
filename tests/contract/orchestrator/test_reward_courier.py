"""Rewards reach the scoring service in the end, and one that it refuses holds back no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.orchestrator.adapters.metrics import PrometheusTelemetry
from services.orchestrator.app.outcome_store import Capture, OutcomeStore, Presentation
from services.orchestrator.app.reward_courier import BATCH, RETRY_MS, RewardCourier
from services.orchestrator.bootstrap import open_stores
from services.orchestrator.domain.outcome import Effect
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.settings import OrchestratorSettings
from shared.clock import system_clock
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


async def queue(outbox: OutcomeStore, shop: Shop, actions: list[str]) -> None:
    policy = compile_policy(policy_files()).policy
    assert policy is not None
    feature_set = await shop.others.scoring.publish_feature_set(fresh_id(), policy.feature_set)
    outcomes = [captured(f"o_{index}", Effect.SHOWN, reward_key=f"k_{index}") for index in range(len(actions))]
    presentations = {
        f"k_{index}": Presentation(feature_set, action, "WEB", "home_hero", {}) for index, action in enumerate(actions)
    }
    await outbox.append(Capture("CaptureOutcomes", "r_1", "body", outcomes, presentations, lambda _: b""))


def courier(outbox: OutcomeStore, shop: Shop, clock: SteppingClock) -> RewardCourier:
    return RewardCourier(outbox, shop.others.scoring, PrometheusTelemetry(), clock)


async def learnt(shop: Shop) -> int:
    return int((await shop.decide(inbound())).versions.model.rpartition("@")[2])


async def test_more_than_a_batch_is_delivered_in_one_go(shop: Shop, outbox: OutcomeStore) -> None:
    await queue(outbox, shop, ["green_tea"] * (BATCH + 3))
    await courier(outbox, shop, SteppingClock(system_clock())).deliver_now(20_000)
    assert await outbox.count_pending() == 0
    assert await learnt(shop) == BATCH + 3


async def test_a_refused_reward_is_given_up_and_the_others_are_learnt(shop: Shop, outbox: OutcomeStore) -> None:
    await queue(outbox, shop, ["green_tea", "no_such_action", "espresso", "neither", "green_tea"])
    await courier(outbox, shop, SteppingClock(system_clock())).deliver_now(20_000)
    assert await outbox.count_pending() == 0
    assert await learnt(shop) == 3


async def test_after_a_failure_it_rests_before_it_tries_again(shop: Shop, outbox: OutcomeStore) -> None:
    await queue(outbox, shop, ["green_tea"])
    clock = SteppingClock(system_clock())
    sender = courier(outbox, shop, clock)
    await sender.deliver_now(0)
    assert await outbox.count_pending() == 1
    await sender.deliver_now(20_000)
    assert await outbox.count_pending() == 1, "it did not rest"
    clock.now_ms += RETRY_MS
    await sender.deliver_now(20_000)
    assert await outbox.count_pending() == 0
