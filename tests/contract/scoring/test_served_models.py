"""ScoringService over a real channel: many subjects at once, models that are only tried, and apprentices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from tandem.common.v1.value_pb2 import FEATURE_STATUS_PRESENT, Feature, TypedValue
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.app.application import ScoringApplication
from services.scoring.app.models import Activation
from services.scoring.bootstrap import bootstrap, open_stores
from services.scoring.domain.models import ModelRole
from services.scoring.settings import ScoringSettings
from shared.rpc.errors import from_rpc_error, from_status
from tests.support.base_forests import CROSSED_SET
from tests.support.grpc_server import Loopback, loopback
from tests.support.scoring import ACTIONS
from tests.support.serving import CONTENT, eventually, registered

SERVICE = pb.DESCRIPTOR.services_by_name["ScoringService"]
NAMES = [action.action for action in ACTIONS]
NOBODY = pb.BatchScoreActionsRequest.Subject()


def text(value: str) -> Feature:
    return Feature(value=TypedValue(string_value=value), status=FEATURE_STATUS_PRESENT)


def number(value: float) -> Feature:
    return Feature(value=TypedValue(double_value=value), status=FEATURE_STATUS_PRESENT)


class Service:
    """A service, its channel, and a trained model in its registry."""

    def __init__(self, app: ScoringApplication, server: Loopback, model_id: str) -> None:
        self.app, self._server, self.model_id = app, server, model_id

    async def call(self, method: str, request: Any) -> Any:
        return await self._server.unary(method)(request, timeout=20)

    async def score(self, tier: str = "gold") -> pb.ScoreActionsResponse:
        version = CROSSED_SET.version
        request = pb.ScoreActionsRequest(feature_set_version=version, actions=NAMES, features={"tier": text(tier)})
        answer: pb.ScoreActionsResponse = await self.call("ScoreActions", request)
        return answer

    async def batch(self, *tiers: Feature, **fields: Any) -> pb.BatchScoreActionsResponse:
        subjects = [pb.BatchScoreActionsRequest.Subject(features={"tier": tier}) for tier in tiers]
        named = {"feature_set_version": CROSSED_SET.version, "actions": NAMES, "subjects": subjects, **fields}
        answer: pb.BatchScoreActionsResponse = await self.call(
            "BatchScoreActions", pb.BatchScoreActionsRequest(**named)
        )
        return answer

    async def give(self, role: ModelRole) -> None:
        await self.app.activate_model(f"give {role.name}", Activation(self.model_id, role))
        wanted = 1 if role is ModelRole.APPRENTICE else 2
        await eventually(lambda: self.model_id in (names := self.app.in_use.names("success")) and len(names) == wanted)


@pytest.fixture
async def service(settings: ScoringSettings) -> AsyncIterator[Service]:
    quick = settings.model_copy(update={"follow_seconds": 0.05})
    async with AsyncExitStack() as stack:
        components = await bootstrap(quick, stack)
        await components.app.publish_feature_set("publish", CROSSED_SET)
        model_id = await registered(await open_stores(quick, stack), CONTENT)
        server = await stack.enter_async_context(loopback(SERVICE, components.binding.servicer))
        yield Service(components.app, server, model_id)


async def test_a_challenger_is_answered_beside_the_champion(service: Service) -> None:
    alone = await service.score()
    assert not alone.HasField("shadow")
    await service.give(ModelRole.CHALLENGER)
    both = await service.score()
    assert list(both.means) == list(alone.means)
    assert both.shadow.model_version == f"{service.model_id}@0"
    assert len(both.shadow.means) == len(NAMES)
    assert list(both.shadow.means) != list(both.means)
    assert not both.is_apprentice


async def test_an_apprentice_answers_the_expected_rate_and_says_what_it_thinks(service: Service) -> None:
    await service.give(ModelRole.CHALLENGER)
    tried = await service.score()
    await service.give(ModelRole.APPRENTICE)
    answer = await service.score()
    assert answer.is_apprentice
    assert list(answer.means) == [0.1] * len(NAMES)
    assert list(answer.log_odds_deviations) == [0.0] * len(NAMES)
    assert answer.shadow == tried.shadow


async def test_every_subject_is_answered_as_alone_and_in_order(service: Service) -> None:
    await service.give(ModelRole.CHAMPION)
    tiers = ["gold", "iron", "none"] * 10
    answer = await service.batch(*map(text, tiers))
    alone = {tier: await service.score(tier) for tier in set(tiers)}
    assert [item.scores for item in answer.items] == [alone[tier] for tier in tiers]
    assert alone["gold"].HasField("shadow")


async def test_a_wrong_subject_is_refused_alone(service: Service) -> None:
    answer = await service.batch(text("gold"), number(1.0), number(float("nan")), text("iron"))
    assert [item.WhichOneof("outcome") for item in answer.items] == ["scores", "error", "error", "scores"]
    for index in (1, 2):
        error = from_status(answer.items[index].error)
        assert error is not None
        assert error.reason == "INVALID_FIELD"
        assert error.violations[0].field.startswith(f'subjects[{index}].features["tier"]')


async def test_a_thousand_subjects_are_scored_while_others_are_answered(service: Service) -> None:
    await service.give(ModelRole.CHAMPION)
    batch = asyncio.create_task(service.batch(*[text("gold")] * 1_000))
    others = await asyncio.gather(*(service.score() for _ in range(20)))
    answer = await batch
    assert len(answer.items) == 1_000
    assert all(item.scores.means == others[0].means for item in answer.items)


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"subjects": []}, "REQUIRED_FIELD_MISSING", "subjects"),
        ({"subjects": [NOBODY] * 1_001}, "INVALID_FIELD", "subjects"),
        (
            {"subjects": [pb.BatchScoreActionsRequest.Subject()] * 7, "actions": ["mug"] * 10_000},
            "INVALID_FIELD",
            "actions",
        ),
        ({"actions": ["mugg"]}, "UNKNOWN_ACTION", "actions[0]"),
        ({"channels": ["WEB"]}, "INVALID_FIELD", "channels"),
        ({"feature_set_version": "features_none"}, "FEATURE_SET_NOT_FOUND", ""),
    ],
)
async def test_a_batch_that_asks_wrongly_is_refused(
    service: Service, fields: dict[str, Any], reason: str, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.batch(text("gold"), **fields)
    error = from_rpc_error(caught.value)
    assert error.reason == reason
    assert (error.violations[0].field if error.violations else "") == field
