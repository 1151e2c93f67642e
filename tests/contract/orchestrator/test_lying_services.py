"""Services whose answers make no sense, over gRPC: their fault, never the caller's, and nobody is left waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tandem.common.v1 import value_pb2
from tandem.profile.v1 import contact_ledger_pb2, profile_pb2, profile_service_pb2
from tandem.rules.v1 import rules_service_pb2
from tandem.scoring.v1 import scoring_service_pb2

from services.orchestrator.adapters.contact_ledger_client import GrpcContactLedger
from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.adapters.rules_client import GrpcRules
from services.orchestrator.adapters.scoring_client import GrpcScoring
from services.orchestrator.domain.decision import Answer
from services.orchestrator.domain.trouble import Cause, Party
from services.profile.domain.consents import ConsentStatus
from shared.clock import system_clock
from tests.support.grpc_server import loopback
from tests.support.limited_shop import MAIL_2, limits
from tests.support.outages import without
from tests.support.shop import Shop, open_shop, outbound

Message = Any


class Lying:
    """Before the real servicer, which has the other methods."""

    def __init__(self, servicer: object) -> None:
        self._servicer = servicer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._servicer, name)


class Profiles(Lying):
    async def GetProfile(self, _: Message, __: Message) -> Message:
        return profile_service_pb2.GetProfileResponse(profile=self._profile())

    async def BatchGetProfiles(self, request: Message, _: Message) -> Message:
        item = profile_service_pb2.BatchGetProfilesResponse.Item
        answers = [profile_service_pb2.GetProfileResponse(profile=self._profile()) for _ in request.requests]
        return profile_service_pb2.BatchGetProfilesResponse(items=[item(result=answer) for answer in answers[1:]])

    def _profile(self) -> Message:
        """With a value of no kind."""
        present = value_pb2.Feature(status=value_pb2.FEATURE_STATUS_PRESENT, value=value_pb2.TypedValue())
        return profile_pb2.Profile(profile_id="p_1", aggregates={"cart_adds_1h": present})


class Ledger(Lying):
    async def ReserveContact(self, request: Message, _: Message) -> Message:
        """Grants more than was asked for, without a name."""
        granted = contact_ledger_pb2.ReserveContactResponse.Result()
        granted.granted.SetInParent()
        return contact_ledger_pb2.ReserveContactResponse(results=[granted] * (len(request.contacts) + 1))


class Rules(Lying):
    async def EvaluateEngagementPolicy(self, _: Message, __: Message) -> Message:
        return rules_service_pb2.EvaluateEngagementPolicyResponse(eligible_actions=["never_declared"])

    async def BatchEvaluateEngagementPolicy(self, _: Message, __: Message) -> Message:
        return rules_service_pb2.BatchEvaluateEngagementPolicyResponse()


class Scoring(Lying):
    async def ScoreActions(self, _: Message, __: Message) -> Message:
        return scoring_service_pb2.ScoreActionsResponse(model_version="m@1", means=[0.5] * 7)

    async def BatchScoreActions(self, _: Message, __: Message) -> Message:
        return scoring_service_pb2.BatchScoreActionsResponse()


LIARS: dict[Party, tuple[Any, str, type, type, str]] = {
    Party.PROFILE: (profile_service_pb2, "ProfileService", Profiles, GrpcProfiles, "profile"),
    Party.LEDGER: (profile_service_pb2, "ProfileService", Ledger, GrpcContactLedger, "ledger"),
    Party.RULES: (rules_service_pb2, "RulesService", Rules, GrpcRules, "rules"),
    Party.SCORING: (scoring_service_pb2, "ScoringService", Scoring, GrpcScoring, "scoring"),
}


@asynccontextmanager
async def shop_with_liar(party: Party, folder: Path) -> AsyncIterator[Shop]:
    module, name, servicer, client, port = LIARS[party]
    async with open_shop(folder) as whole:
        await whole.publish(limits(MAIL_2))
        await whole.knows(age=42)
        await whole.hears(ConsentStatus.GRANTED)
        liar = servicer(getattr(whole.servicers, name.removesuffix("Service").lower()))
        async with (
            loopback(module.DESCRIPTOR.services_by_name[name], liar) as served,
            open_shop(folder, {port: client(served.channel, system_clock)}) as shop,
        ):
            yield shop


@pytest.mark.parametrize("party", list(LIARS))
async def test_an_answer_that_makes_no_sense_is_none(party: Party, tmp_path: Path) -> None:
    before = without(party, Cause.FAULTY)
    async with shop_with_liar(party, tmp_path) as shop:
        answer = await shop.decide(outbound("EMAIL"))
        assert answer.advisories == (party.advisory,)
        assert bool(answer.placements[0].propositions) is (party is Party.SCORING)
        assert without(party, Cause.FAULTY) == before + 1
        for each in await shop.orchestrator.decide_batch([outbound("EMAIL") for _ in range(3)]):
            assert isinstance(each, Answer)
            assert each.advisories == (party.advisory,)
