"""Services that are down or too slow: the answer is degraded by contract, and never a silent guess."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.adapters.rules_client import GrpcRules
from services.orchestrator.adapters.scoring_client import GrpcScoring
from services.orchestrator.domain.lineup import NoActionReason
from services.profile.domain.consents import ConsentStatus
from shared.clock import system_clock
from shared.errors import TandemError, Unavailable
from shared.rpc.channel import open_channel
from tests.support.shop import Shop, actions, cart_add, inbound, open_shop, outbound

CLIENTS: dict[str, Any] = {"profile": GrpcProfiles, "rules": GrpcRules, "scoring": GrpcScoring}
BUDGET_MS = 1_500


@pytest.fixture
def nobody_there() -> str:
    """An address nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def never_answers() -> Iterator[str]:
    """An address that takes connections and stays silent: a frozen process."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(params=["nobody_there", "never_answers"])
def dead_address(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(request.param)
    return address


@asynccontextmanager
async def shop_without(service: str, address: str, folder: Path) -> AsyncIterator[Shop]:
    """The shop, open and known, whose orchestrator finds one service at a dead address."""
    async with open_shop(folder) as whole:
        await whole.publish()
        await whole.knows(age=42)
        await whole.hears(ConsentStatus.GRANTED)
    async with AsyncExitStack() as stack:
        channel: grpc.aio.Channel = await stack.enter_async_context(open_channel(address))
        replaced = {service: CLIENTS[service](channel, system_clock)}
        yield await stack.enter_async_context(open_shop(folder, replaced, budget_ms=BUDGET_MS))


async def test_without_scores_value_and_lever_rank(dead_address: str, tmp_path: Path) -> None:
    async with shop_without("scoring", dead_address, tmp_path) as shop:
        answer = await shop.decide(inbound("home_hero", count=2))
    assert answer.degraded
    assert answer.advisories == ("SCORING_UNAVAILABLE",)
    assert answer.versions.model == ""
    assert actions(answer.placements[0]) == ["espresso", "green_tea"]  # a lever of 1.5 on the same value
    assert [each.propensity for each in answer.placements[0].propositions] == [0.1, 0.1]
    assert [each.choice_probability for each in answer.placements[0].propositions] == [1.0, 1.0]


@pytest.mark.parametrize(("service", "advisory"), [("profile", "PROFILE_UNAVAILABLE"), ("rules", "RULES_UNAVAILABLE")])
async def test_without_profile_or_rules_it_fails_closed(
    service: str, advisory: str, dead_address: str, tmp_path: Path
) -> None:
    async with shop_without(service, dead_address, tmp_path) as shop:
        answer = await shop.decide(inbound("home_hero", "side_bar"))
        reached = await shop.decide(outbound())
        explained = await shop.orchestrator.explain_decision(answer.decision_id)
        recorded = await shop.orchestrator.get_decision(answer.decision_id)
    assert answer.degraded
    assert answer.advisories == (advisory,)
    fallback, silence = answer.placements[0].fallback, answer.placements[1].no_action
    assert fallback is not None
    assert silence is not None
    assert (fallback.treatment, fallback.reason) == ("brand_story", NoActionReason.DEGRADED)
    assert silence.reason is NoActionReason.DEGRADED
    assert reached.placements[0].no_action is not None
    assert explained.answer == recorded.answer == answer


async def test_events_that_could_not_be_recorded_fail_closed(nobody_there: str, tmp_path: Path) -> None:
    async with shop_without("profile", nobody_there, tmp_path) as shop:
        answer = await shop.decide(replace(inbound(who=None), events=(cart_add(),)))
    assert answer.advisories == ("PROFILE_UNAVAILABLE",)


async def test_a_place_without_a_person_needs_no_profile_service(nobody_there: str, tmp_path: Path) -> None:
    async with shop_without("profile", nobody_there, tmp_path) as shop:
        answer = await shop.decide(inbound(who=None))
    assert not answer.degraded
    assert actions(answer.placements[0]) == ["green_tea"]


@pytest.mark.parametrize("service", list(CLIENTS))
async def test_a_frozen_service_does_not_take_the_whole_deadline(
    service: str, never_answers: str, tmp_path: Path
) -> None:
    async with shop_without(service, never_answers, tmp_path) as shop:
        start = time.monotonic()
        answer = await shop.orchestrator.decide(inbound(), deadline_ms=system_clock() + BUDGET_MS)
        took_s = time.monotonic() - start
    assert answer.degraded
    assert took_s < BUDGET_MS / 1000


async def test_an_outcome_waits_for_the_scoring_service(nobody_there: str, tmp_path: Path) -> None:
    async with shop_without("scoring", nobody_there, tmp_path) as shop:
        answer = await shop.decide(inbound())
        await shop.clicks(answer)
        recorded = await shop.orchestrator.get_decision(answer.decision_id)
        assert len(recorded.outcomes) == 1
    async with open_shop(tmp_path) as shop:
        async with asyncio.timeout(20):
            while not (await shop.decide(inbound())).versions.model.endswith("@1"):  # noqa: ASYNC110  polls a store
                await asyncio.sleep(0.05)


async def test_a_policy_that_a_service_cannot_take_is_not_published(nobody_there: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(open_channel(nobody_there))
        shop = await stack.enter_async_context(open_shop(tmp_path, {"scoring": GrpcScoring(channel, system_clock)}))
        with pytest.raises(Unavailable):
            await shop.publish()
        with pytest.raises(TandemError) as refusal:
            await shop.decide()
    assert refusal.value.reason == "NO_ACTIVE_POLICY"
