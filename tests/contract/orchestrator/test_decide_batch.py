"""A batch decides as Decide does, item by item and byte for byte, on every store and wiring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tandem.profile.v1 import profile_service_pb2
from tandem.rules.v1 import rules_service_pb2
from tandem.scoring.v1 import scoring_service_pb2

from services.orchestrator.adapters.contact_ledger_client import GrpcContactLedger
from services.orchestrator.adapters.erasure_feed_client import GrpcErasureFeed
from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.adapters.rules_client import GrpcRules
from services.orchestrator.adapters.scoring_client import GrpcScoring
from services.orchestrator.api.mapping.replay import comparable
from services.orchestrator.app.application import OrchestratorApplication
from services.orchestrator.app.batch.decide import Outcome
from services.orchestrator.app.batch.side_by_side import SIDE_BY_SIDE
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.bootstrap import DecidingOptions, OtherServices, Stores, bootstrap
from services.orchestrator.domain.decision import Answer, Explain, Mode
from services.profile.app.identity_requests import MergeProfiles
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import Identity as ProfileIdentity
from shared.clock import system_clock
from shared.errors import AlreadyExists, InvalidArgument, NotFound, TandemError, Unavailable
from shared.settings import ServiceSettings
from tests.support.dumps import dump_sqlite
from tests.support.grpc_server import loopback
from tests.support.limited_shop import MAIL_2, limits
from tests.support.shop import Shop, cart_add, fresh_id, inbound, open_shop, outbound
from tests.support.shop_policy import edited

EVERYBODY = [f"crm:p{number}" for number in range(26)]
PEOPLE = EVERYBODY[:9]
VISITOR = "cookie:visitor"
CHANGES = limits(MAIL_2, "{id: web_day, channel: web, max: 3, window: 1d}")
NOW_MS = system_clock()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path / "shop") as opened:
        await opened.publish(CHANGES)
        for number, who in enumerate(EVERYBODY):
            await opened.knows(
                who, age=12 + 5 * (number % 9), tier=("bronze", "silver", "gold")[number % 3], margin=3.0
            )
            if number % 4:
                await opened.hears(ConsentStatus.GRANTED, who)
        await opened.knows(VISITOR, first_name="Eve")
        yield opened


@pytest.fixture(params=["local", "grpc"])
async def others(request: pytest.FixtureRequest, shop: Shop) -> AsyncIterator[OtherServices]:
    if request.param == "local":
        yield shop.others
        return
    services: dict[str, tuple[Any, Any]] = {
        "ProfileService": (profile_service_pb2, shop.servicers.profile),
        "RulesService": (rules_service_pb2, shop.servicers.rules),
        "ScoringService": (scoring_service_pb2, shop.servicers.scoring),
    }
    async with AsyncExitStack() as stack:
        channels = [
            (await stack.enter_async_context(loopback(module.DESCRIPTOR.services_by_name[name], servicer))).channel
            for name, (module, servicer) in services.items()
        ]
        yield OtherServices(
            GrpcProfiles(channels[0], system_clock),
            GrpcRules(channels[1], system_clock),
            GrpcScoring(channels[2], system_clock),
            GrpcContactLedger(channels[0], system_clock),
            GrpcErasureFeed(channels[0], system_clock),
        )


@asynccontextmanager
async def deciding(settings: ServiceSettings, others: OtherServices) -> AsyncIterator[OrchestratorApplication]:
    """Another orchestrator over the services of the shop, with stores of its own."""
    async with AsyncExitStack() as stack:
        options = DecidingOptions(b"secret", 10_000)
        yield (await bootstrap(settings, stack, others=others, options=options)).app


@pytest.fixture
async def app(settings: ServiceSettings, others: OtherServices) -> AsyncIterator[OrchestratorApplication]:
    async with deciding(settings, others) as application:
        await application.publish_policy(fresh_id(), edited(CHANGES))
        yield application


def commands() -> list[DecideCommand]:
    """One of everything that a decision may be asked, each of another person."""
    people = iter(EVERYBODY)
    asked = [outbound(who=next(people), explain=Explain.NONE) for _ in range(9)]
    asked += [inbound("home_hero", "side_bar", who=next(people), count=2, explain=Explain.NONE) for _ in range(9)]
    asked += [
        inbound("home_hero", who=None, explain=Explain.NONE),
        inbound("home_hero", who=VISITOR, explain=Explain.REASONS),
        inbound("side_bar", who=next(people), explain=Explain.FULL),
        inbound("side_bar", who=next(people), explain=Explain.REASONS),
        replace(inbound("home_hero", who=(who := next(people))), events=(cart_add(who, NOW_MS - 5_000),)),
        replace(inbound("home_hero", who=next(people)), context={"weather": "rain"}, locale="fr"),
        replace(inbound("home_hero", who=next(people)), excluded_actions=("green_tea",), mode=Mode.PREFETCH),
        replace(outbound(who=next(people)), campaign_id="autumn"),
        replace(inbound("home_hero", who=next(people)), decision_time_ms=NOW_MS - 60_000),
    ]
    return [each if each.decision_time_ms else replace(each, decision_time_ms=NOW_MS) for each in asked]


async def test_a_batch_is_decide_item_by_item_byte_for_byte(shop: Shop, app: OrchestratorApplication) -> None:
    """The ledger knows the reservations of the first one, whose ids say for which decision they are: the second finds
    them, so even those are the same."""
    asked = commands()
    single = [await shop.orchestrator.decide(command) for command in asked]
    together = await app.decide_batch(asked)
    for command, one, other in zip(asked, single, together, strict=True):
        assert isinstance(other, Answer), (command, other)
        assert comparable(other) == comparable(one), command
    assert any(place.propositions for answer in single for place in answer.placements)
    for answer in together:
        assert isinstance(answer, Answer)
        assert (await app.replay_decision(answer.decision_id)).differing == ()


async def test_models_see_the_segments_in_a_batch_too(app: OrchestratorApplication, stores: Stores) -> None:
    click = "objectives:\n  click: {outcomes: [CLICKED], window: 1d, features: {segments: true}}\n"
    reading = {
        "policy: corner_shop\n": f"policy: corner_shop\n{click}",
        "arbitration: {reserve": "arbitration: {objective: click, reserve",
    }
    version = (await app.publish_policy(fresh_id(), edited(reading))).policy_version
    await app.activate_policy(fresh_id(), version)
    gold = [who for number, who in enumerate(EVERYBODY) if number % 3 == 2]
    asked = [inbound("side_bar", who=who, explain=Explain.NONE) for who in gold]
    for answer in answers(await app.decide_batch(asked)):
        record = await stores.log.get(answer.decision_id)
        assert record is not None
        assert record.segments == ("gold",)


async def test_what_is_wrong_with_one_is_its_own_answer_and_in_its_place(app: OrchestratorApplication) -> None:
    taken = outbound(who=PEOPLE[1])
    await app.decide(taken)
    items: list[DecideCommand | InvalidArgument] = [
        inbound("home_hero", who=PEOPLE[0]),
        InvalidArgument.field("request_id", "unreadable"),
        inbound("nowhere", who=PEOPLE[1]),
        replace(taken, locale="fr"),
        outbound(who=None),
        replace(inbound("home_hero", who=PEOPLE[2]), consistency_token="no token of ours"),
        inbound("home_hero", who="crm:" + "x" * 300),
        replace(outbound(who="crm:never_seen"), campaign_id="autumn"),
        inbound("home_hero", who=PEOPLE[3]),
    ]
    outcomes = await app.decide_batch(items)
    kinds = [type(each) if isinstance(each, TandemError) else Answer for each in outcomes]
    assert kinds[:5] == [Answer, InvalidArgument, InvalidArgument, AlreadyExists, InvalidArgument]
    assert kinds[6:] == [InvalidArgument, NotFound, Answer]
    reasons = [each.reason for each in outcomes if isinstance(each, TandemError)]
    assert {"UNKNOWN_PLACEMENT", "REQUEST_ID_REUSED", "REQUIRED_FIELD_MISSING", "PROFILE_NOT_FOUND"} <= set(reasons)
    healthy = outcomes[0], outcomes[8]
    assert all(isinstance(each, Answer) and not each.degraded for each in healthy)


async def test_asking_again_is_answered_with_the_same_decisions(app: OrchestratorApplication) -> None:
    asked = [inbound("home_hero", who=who) for who in PEOPLE]
    first = await app.decide_batch([*asked, asked[0], asked[1]])
    assert first[-2:] == first[:2]
    assert await app.decide_batch(asked[::-1]) == first[: len(asked)][::-1]
    assert [await app.decide(command) for command in asked] == first[: len(asked)]


async def test_more_than_go_side_by_side_keep_their_order(app: OrchestratorApplication) -> None:
    asked = [inbound("home_hero", who=PEOPLE[number % 9]) for number in range(2 * SIDE_BY_SIDE + 3)]
    outcomes = await app.decide_batch(asked)
    assert [each.request_id for each in outcomes if isinstance(each, Answer)] == [each.request_id for each in asked]


async def test_a_limit_holds_within_a_batch(app: OrchestratorApplication) -> None:
    outcomes = await app.decide_batch([outbound("EMAIL", who=PEOPLE[1]) for _ in range(12)])
    mails = sum(len(place.propositions) for each in answers(outcomes) for place in each.placements)
    assert mails == 2


async def test_a_simulation_leaves_no_trace(shop: Shop, tmp_path: Path) -> None:
    before = dump_sqlite(tmp_path / "shop")
    outcomes = await shop.orchestrator.decide_batch([replace(each, mode=Mode.SIMULATE) for each in commands()])
    assert len(answers(outcomes)) == len(commands())
    assert dump_sqlite(tmp_path / "shop") == before


class TestCampaigns:
    async def test_a_person_gets_one_decision_whoever_asks(self, app: OrchestratorApplication) -> None:
        first = await app.decide(campaign(PEOPLE[1]))
        assert await app.decide(campaign(PEOPLE[1])) == first
        [again, other] = answers(await app.decide_batch([campaign(PEOPLE[1]), campaign(PEOPLE[2])]))
        assert again == first
        assert other.decision_id != first.decision_id
        assert (await app.decide(campaign(PEOPLE[1], "winter"))).decision_id != first.decision_id

    async def test_of_many_at_once_exactly_one_is_made(self, app: OrchestratorApplication) -> None:
        batches = [app.decide_batch([campaign(who) for who in PEOPLE]) for _ in range(4)]
        made = [answers(outcomes) for outcomes in await asyncio.gather(*batches)]
        for of_person in zip(*made, strict=True):
            assert len({each.decision_id for each in of_person}) == 1
        assert len({each.decision_id for each in made[0]}) == len(PEOPLE)

    async def test_whoever_was_merged_has_had_theirs(self, shop: Shop, app: OrchestratorApplication) -> None:
        first = await app.decide(campaign(PEOPLE[1]))
        await merge(shop, PEOPLE[1], into=PEOPLE[2])
        assert (await app.decide(campaign(PEOPLE[2]))).decision_id == first.decision_id
        [again] = answers(await app.decide_batch([campaign(PEOPLE[2])]))
        assert again.decision_id == first.decision_id

    async def test_a_simulation_is_always_made(self, app: OrchestratorApplication) -> None:
        first = await app.decide(campaign(PEOPLE[1]))
        rehearsed = await app.decide(replace(campaign(PEOPLE[1]), mode=Mode.SIMULATE))
        assert rehearsed.decision_id != first.decision_id

    async def test_nobody_is_decided_for_without_what_it_takes(self, shop: Shop, tmp_path: Path) -> None:
        asked = campaign(PEOPLE[1])
        for service in ("rules", "ledger"):
            async with open_shop(tmp_path / "shop", {service: Silent(getattr(shop.others, service))}) as deaf:
                [outcome] = await deaf.orchestrator.decide_batch([asked])
                assert isinstance(outcome, Unavailable)
        answer = await shop.orchestrator.decide(asked)
        assert not answer.degraded
        assert answer.placements[0].propositions


class Silent:
    """A service that does not answer decisions."""

    def __init__(self, service: object) -> None:
        self._service = service

    def __getattr__(self, name: str) -> object:
        if name in ("evaluate", "evaluate_many", "reserve"):
            return self._fail
        return getattr(self._service, name)

    async def _fail(self, *_: object, **__: object) -> object:
        raise Unavailable("DEPENDENCY_UNAVAILABLE", "it is down")


def campaign(who: str, name: str = "autumn") -> DecideCommand:
    return replace(outbound(who=who, explain=Explain.NONE), campaign_id=name)


def answers(outcomes: Sequence[Outcome]) -> list[Answer]:
    assert all(isinstance(each, Answer) for each in outcomes), outcomes
    return [each for each in outcomes if isinstance(each, Answer)]


async def merge(shop: Shop, who: str, *, into: str) -> None:
    source, target = (named(each) for each in (who, into))
    await shop.profile.merge_profiles(MergeProfiles(fresh_id(), survivor=target, merged=source))


def named(who: str) -> tuple[ProfileIdentity, ...]:
    namespace, _, value = who.partition(":")
    return (ProfileIdentity(namespace, value),)
