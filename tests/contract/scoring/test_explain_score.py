"""ExplainScore over a real channel: what the comments of its proto promise."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from pymongo import AsyncMongoClient
from tandem.common.v1.value_pb2 import FEATURE_STATUS_NOT_FOUND, FEATURE_STATUS_PRESENT
from tandem.scoring.v1 import explanation_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.adapters import mongo_collections, sqlite_tables
from services.scoring.app.application import ScoringApplication
from services.scoring.app.models import Activation
from services.scoring.bootstrap import bootstrap, open_stores
from services.scoring.domain.base_model.content import ModelContent, encode, model_id
from services.scoring.domain.models import ModelRecord, ModelRole
from services.scoring.settings import ScoringSettings
from shared.rpc.errors import from_rpc_error
from shared.rpc.values import feature_to_proto
from tests.support.base_forests import CROSSED_SET, ISOTONIC, PLATT, base_content
from tests.support.grpc_server import Loopback, loopback
from tests.support.scoring import ANNA

SERVICE = pb.DESCRIPTOR.services_by_name["ScoringService"]
FEATURES = {name: feature_to_proto(feature) for name, feature in ANNA.items()}


@dataclass(frozen=True, slots=True)
class Scoring:
    app: ScoringApplication
    server: Loopback
    version: str

    async def call(self, method: str, request: Any) -> Any:
        return await self.server.unary(method)(request, timeout=20)

    async def score(self, **fields: Any) -> pb.ScoreActionsResponse:
        asked = {"features": FEATURES, "channels": ["email", "WEB"], "placement_ids": ["home", "home"], **fields}
        request = pb.ScoreActionsRequest(feature_set_version=self.version, actions=["mug", "pan"], **asked)
        answer: pb.ScoreActionsResponse = await self.call("ScoreActions", request)
        return answer

    async def explain(self, **fields: Any) -> explanation_pb2.ExplainScoreResponse:
        asked = {
            "feature_set_version": self.version,
            "features": FEATURES,
            "action": "mug",
            "channel": "email",
            "placement_id": "home",
        }
        answer: explanation_pb2.ExplainScoreResponse = await self.call(
            "ExplainScore", explanation_pb2.ExplainScoreRequest(**{**asked, **fields})
        )
        return answer

    async def learn(self, count: int) -> None:
        rewards = [
            pb.Reward(
                reward_key=f"k{index}",
                feature_set_version=self.version,
                action=("mug", "pan")[index % 2],
                channel="EMAIL",
                placement_id="home",
                features=FEATURES,
                reward=float(index % 2 == 0),
            )
            for index in range(count)
        ]
        await self.call("RecordRewards", pb.RecordRewardsRequest(request_id="r1", rewards=rewards))

    async def refusal(self, **fields: Any) -> tuple[grpc.StatusCode, str, str]:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.explain(**fields)
        error = from_rpc_error(caught.value)
        return caught.value.code(), error.reason, error.violations[0].field if error.violations else ""


@pytest.fixture
async def scoring(settings: ScoringSettings) -> AsyncIterator[Scoring]:
    async with AsyncExitStack() as stack:
        components = await bootstrap(settings, stack)
        server = await stack.enter_async_context(loopback(SERVICE, components.binding.servicer))
        version = await components.app.publish_feature_set("p1", CROSSED_SET)
        yield Scoring(components.app, server, version)


async def use(scoring: Scoring, settings: ScoringSettings, model: ModelContent, role: ModelRole) -> str:
    """Registers the model, gives it the role, and waits for it to be at work."""
    content = encode(model)
    name = model_id(model.objective, content)
    record = ModelRecord(name, "success", 1, scoring.version, 1, 2, 2_000, 500, 0, 0, (), {}, "", 20, len(content))
    async with AsyncExitStack() as stack:
        await (await open_stores(settings, stack)).models.put(record, content)
    await scoring.app.activate_model(f"use {name}", Activation(name, role))
    await scoring.app.in_use.save_all_that_is_assigned()
    return name


def parts_of(answer: explanation_pb2.ExplainScoreResponse) -> float:
    return answer.expected_log_odds + sum(each.base + each.learnt for each in answer.contributions)


async def test_score_of_a_forest_is_explained_as_it_was_answered(scoring: Scoring, settings: ScoringSettings) -> None:
    name = await use(scoring, settings, base_content(PLATT), ModelRole.CHAMPION)
    await scoring.learn(200)
    scores, answer = await scoring.score(), await scoring.explain()
    assert answer.model_version == scores.model_version == f"{name}@200"
    assert answer.mean == pytest.approx(scores.means[0], rel=1e-12)
    assert answer.log_odds == pytest.approx(scores.log_odds_means[0], abs=1e-12)
    assert parts_of(answer) == pytest.approx(answer.log_odds, abs=1e-9)
    parts = {each.name: each for each in answer.contributions}
    assert parts["likes_brand"].base > 0.1
    assert parts["likes_brand"].feature.value.bool_value
    assert parts["action"].learnt > 0.1
    assert parts["context.weather"].feature.status == FEATURE_STATUS_NOT_FOUND
    assert parts["tier"].feature.status == FEATURE_STATUS_PRESENT
    sizes = [abs(each.base + each.learnt) for each in answer.contributions]
    assert sizes == sorted(sizes, reverse=True)


async def test_a_model_without_a_base_is_explained_by_what_it_learnt(scoring: Scoring) -> None:
    await scoring.learn(200)
    scores, answer = await scoring.score(), await scoring.explain()
    assert answer.mean == pytest.approx(scores.means[0], rel=1e-12)
    assert parts_of(answer) == pytest.approx(scores.log_odds_means[0], abs=1e-9)
    assert not any(each.base for each in answer.contributions)
    assert answer.model_version == scores.model_version


async def test_reasons_are_of_the_farthest_parts_and_as_many_as_asked(scoring: Scoring) -> None:
    await scoring.learn(200)
    few, more = await scoring.explain(max_reasons=2), await scoring.explain()
    first = few.contributions[0]
    assert few.reasons[0].startswith(f"{first.name} ")
    assert few.reasons[0].endswith(": raises it" if first.learnt > 0 else ": lowers it")
    assert (len(few.reasons), len(more.reasons)) == (2, 5)
    assert more.reasons[:2] == few.reasons
    assert "brands is acme, zest: " in " ".join((await scoring.explain(max_reasons=20)).reasons)


async def test_challenger_is_explained_by_its_name(scoring: Scoring, settings: ScoringSettings) -> None:
    champion = await use(scoring, settings, base_content(PLATT), ModelRole.CHAMPION)
    challenger = await use(scoring, settings, base_content(ISOTONIC), ModelRole.CHALLENGER)
    scores = await scoring.score()
    by_default, tried = await scoring.explain(), await scoring.explain(model_id=challenger)
    assert by_default == await scoring.explain(model_id=champion)
    assert tried.model_version == scores.shadow.model_version == f"{challenger}@0"
    assert tried.mean == pytest.approx(scores.shadow.means[0], rel=1e-12)
    assert parts_of(tried) == pytest.approx(tried.log_odds, abs=1e-9)


async def test_apprentice_is_explained_as_its_shadow(scoring: Scoring, settings: ScoringSettings) -> None:
    await use(scoring, settings, base_content(PLATT), ModelRole.APPRENTICE)
    scores, answer = await scoring.score(), await scoring.explain()
    assert scores.is_apprentice
    assert answer.mean == pytest.approx(scores.shadow.means[0], rel=1e-12)


async def test_a_model_whose_content_was_lost_is_not_explained(scoring: Scoring, settings: ScoringSettings) -> None:
    """It goes on to answer, from memory; only why needs more."""
    await use(scoring, settings, base_content(PLATT), ModelRole.CHAMPION)
    await lose_contents(settings)
    assert (await scoring.refusal())[:2] == (grpc.StatusCode.FAILED_PRECONDITION, "MODEL_DAMAGED")
    assert (await scoring.score()).means


async def lose_contents(settings: ScoringSettings) -> None:
    """Of all models, behind the back of the store."""
    if settings.mongo_uri is None:
        with closing(sqlite3.connect(settings.data_dir / sqlite_tables.FILE_NAME)) as file, file:
            file.execute("DELETE FROM model_content")
        return
    client: AsyncMongoClient[Any] = AsyncMongoClient(settings.mongo_uri.get_secret_value())
    async with client:
        await client[settings.mongo_database][mongo_collections.MODEL_CHUNKS].delete_many({})


async def test_wrong_questions_are_refused(scoring: Scoring) -> None:
    invalid, not_found = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
    wrong_age = {"age": FEATURES["tier"]}
    assert await scoring.refusal(feature_set_version="features_none") == (not_found, "FEATURE_SET_NOT_FOUND", "")
    assert await scoring.refusal(model_id="success-000000000000") == (not_found, "MODEL_NOT_FOUND", "")
    assert await scoring.refusal(action="mugg") == (invalid, "UNKNOWN_ACTION", "action")
    assert await scoring.refusal(features=wrong_age) == (invalid, "INVALID_FIELD", 'features["age"]')
    assert await scoring.refusal(max_reasons=21) == (invalid, "INVALID_FIELD", "max_reasons")
    assert await scoring.refusal(max_reasons=-1) == (invalid, "INVALID_FIELD", "max_reasons")
    assert await scoring.refusal(action="") == (invalid, "REQUIRED_FIELD_MISSING", "action")
