"""The registry and the health of models over a real channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1.value_pb2 import ATTRIBUTE_TYPE_INT, Feature, TypedValue
from tandem.scoring.v1 import model_health_pb2, model_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.app.application import Stores
from services.scoring.bootstrap import bootstrap
from services.scoring.domain.models import Training, TrainingState
from services.scoring.settings import ScoringSettings
from shared.clock import system_clock
from shared.rpc.errors import from_rpc_error
from tests.support.grpc_server import Loopback, loopback
from tests.support.model_registry import rate_model
from tests.support.scoring import NOW_MS

SERVICE = pb.DESCRIPTOR.services_by_name["ScoringService"]
FEATURE_SET = pb.FeatureSet(
    features=[pb.FeatureDeclaration(name="age", type=ATTRIBUTE_TYPE_INT)],
    actions=[pb.ActionDeclaration(action="mug", group="kitchen", issue="grow")],
)
CHAMPION, CHALLENGER, APPRENTICE = (
    model_pb2.MODEL_ROLE_CHAMPION,
    model_pb2.MODEL_ROLE_CHALLENGER,
    model_pb2.MODEL_ROLE_APPRENTICE,
)


@pytest.fixture
async def server(settings: ScoringSettings) -> AsyncIterator[Loopback]:
    async with AsyncExitStack() as stack:
        components = await bootstrap(settings, stack)
        yield await stack.enter_async_context(loopback(SERVICE, components.binding.servicer))


class Client:
    def __init__(self, server: Loopback, version: str = "") -> None:
        self._server = server
        self.version = version

    async def call(self, method: str, request: Any) -> Any:
        return await self._server.unary(method)(request, timeout=20)

    async def activate(
        self, model_id: str, role: model_pb2.ModelRole = CHAMPION, **fields: Any
    ) -> model_pb2.Assignment:
        complete = {"request_id": f"activate {model_id}", **fields}
        request = pb.ActivateModelRequest(model_id=model_id, role=role, **complete)
        answer: pb.ActivateModelResponse = await self.call("ActivateModel", request)
        return answer.assignment

    async def list(self, objective: str = "") -> pb.ListModelsResponse:
        answer: pb.ListModelsResponse = await self.call("ListModels", pb.ListModelsRequest(objective=objective))
        return answer

    async def health(self, objective: str = "", window: int = 0) -> model_health_pb2.GetModelHealthResponse:
        request = model_health_pb2.GetModelHealthRequest(objective=objective, window=window)
        answer: model_health_pb2.GetModelHealthResponse = await self.call("GetModelHealth", request)
        return answer


@pytest.fixture
async def client(server: Loopback) -> Client:
    found = Client(server)
    request = pb.PublishFeatureSetRequest(request_id="p1", feature_set=FEATURE_SET)
    return Client(server, (await found.call("PublishFeatureSet", request)).feature_set_version)


async def refusal(call: Any) -> tuple[grpc.StatusCode, str, str]:
    """Code, reason and first wrong field of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = from_rpc_error(caught.value)
    return caught.value.code(), error.reason, error.violations[0].field if error.violations else ""


async def test_registry_of_a_new_system_holds_the_model_that_begins(client: Client) -> None:
    listed = await client.list()
    assert (len(listed.models), len(listed.trainings), len(listed.assignments)) == (1, 0, 0)
    model = listed.models[0]
    assert (model.objective, model.role, model.rows) == ("success", CHAMPION, 0)
    assert model.model_id.startswith("bayes-")
    assert not model.HasField("train_time")
    got = await client.call("GetModel", pb.GetModelRequest(model_id=model.model_id))
    assert got.model == model


async def test_model_is_activated_listed_and_told_apart(client: Client, stores: Stores) -> None:
    record, content = rate_model(0.2)
    record = replace(record, features=("age",), lineage={"seed": "7"}, positives=3, parent="bayes-0")
    await stores.models.put(record, content)
    begins = (await client.list()).models[-1].model_id
    assignment = await client.activate(record.model_id, reason="a try", expected_revision=0)
    assert (assignment.revision, assignment.champion_model_id) == (1, record.model_id)
    assert (assignment.challenger_model_id, assignment.reason) == (begins, "a try")
    assert abs(assignment.change_time.ToMilliseconds() - system_clock()) < 60_000
    listed = await client.list("success")
    assert [(each.model_id, each.role) for each in listed.models] == [
        (record.model_id, CHAMPION),
        (begins, CHALLENGER),
    ]
    assert list(listed.assignments) == [assignment]
    model = listed.models[0]
    assert model.train_time == Timestamp(seconds=NOW_MS // 1000)
    assert (list(model.features), dict(model.lineage), dict(model.metrics)) == (["age"], {"seed": "7"}, {"auc": 0.5})
    assert (model.rows, model.positives, model.parent_model_id, model.bytes) == (10, 3, "bayes-0", len(content))


async def test_activation_is_answered_once(client: Client, stores: Stores) -> None:
    record, content = rate_model(0.2)
    await stores.models.put(record, content)
    first = await client.activate(record.model_id, APPRENTICE, request_id="r")
    assert first.is_apprentice
    assert await client.activate(record.model_id, APPRENTICE, request_id="r") == first
    other = client.activate(record.model_id, CHAMPION, request_id="r")
    assert (await refusal(other))[:2] == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_wrong_requests_are_refused(client: Client, stores: Stores) -> None:
    record, content = rate_model(0.2)
    await stores.models.put(record, content)
    await stores.models.put(replace(record, model_id="success-bad"), content[:-1])
    codes, known = grpc.StatusCode, record.model_id
    wrong_role = model_pb2.MODEL_ROLE_UNSPECIFIED
    expected = {
        client.activate("success-none"): (codes.NOT_FOUND, "MODEL_NOT_FOUND", ""),
        client.activate("success-bad"): (codes.FAILED_PRECONDITION, "MODEL_DAMAGED", ""),
        client.activate(known, expected_revision=3): (codes.ABORTED, "ASSIGNMENT_CHANGED", ""),
        client.activate(known, expected_revision=-1): (codes.INVALID_ARGUMENT, "INVALID_FIELD", "expected_revision"),
        client.activate(known, 9): (codes.INVALID_ARGUMENT, "INVALID_FIELD", "role"),  # type: ignore[arg-type]
        client.activate(known, wrong_role): (codes.INVALID_ARGUMENT, "REQUIRED_FIELD_MISSING", "role"),
        client.activate(known, request_id=""): (codes.INVALID_ARGUMENT, "REQUIRED_FIELD_MISSING", "request_id"),
        client.health("none"): (codes.NOT_FOUND, "OBJECTIVE_NOT_FOUND", ""),
        client.health(window=100_001): (codes.INVALID_ARGUMENT, "INVALID_FIELD", "window"),
        client.health(window=-1): (codes.INVALID_ARGUMENT, "INVALID_FIELD", "window"),
    }
    for call, error in expected.items():
        assert await refusal(call) == error
    assert list((await client.list()).assignments) == []


async def test_trainings_are_listed(client: Client, stores: Stores) -> None:
    running = Training("t1", "success", TrainingState.RUNNING, NOW_MS, NOW_MS, rounds=20)
    failed = replace(running, training_id="t2", state=TrainingState.FAILED, end_ms=NOW_MS + 1000, message="too few")
    await stores.trainings.begin("r1", running, 0)
    await stores.trainings.say(replace(failed, training_id="t1"))
    listed = (await client.list()).trainings
    expected = model_pb2.Training(
        training_id="t1",
        objective="success",
        state=model_pb2.Training.STATE_FAILED,
        start_time=Timestamp(seconds=NOW_MS // 1000),
        end_time=Timestamp(seconds=NOW_MS // 1000 + 1),
        rounds=20,
        message="too few",
    )
    assert list(listed) == [expected]


async def test_health_tells_what_was_predicted_and_what_came(client: Client) -> None:
    age = Feature(value=TypedValue(int_value=34))
    prediction = pb.Prediction(
        model_version="m@0",
        propensity=0.2,
        shadow_model_version=f"{(await client.list()).models[0].model_id}@0",
        shadow_propensity=0.4,
        choice_probability=0.5,
    )
    rewards = [
        pb.Reward(
            reward_key=f"d{index}/hero",
            feature_set_version=client.version,
            action="mug",
            reward=float(index < 3),
            features={"age": age} if index else {},
            prediction=prediction,
        )
        for index in range(10)
    ]
    await client.call("RecordRewards", pb.RecordRewardsRequest(request_id="r", rewards=rewards))
    health = await client.health()
    assert (health.objective, health.assignment.revision, list(health.alarms)) == ("success", 0, [])
    assert [each.name for each in health.features] == ["age"]
    assert health.features[0].share_missing == pytest.approx(0.1)
    assert not health.features[0].HasField("psi")
    assert health.exploration_entropy == pytest.approx(0.6931, abs=1e-4)
    quality = health.qualities[0]
    assert (len(health.qualities), quality.presentations, quality.positives) == (1, 10, 3.0)
    assert [quality.auc, quality.calibration_ratio] == pytest.approx([0.5, 0.75])
    assert [each.count for each in quality.bins] == [10]
    assert [quality.bins[0].mean_prediction, quality.bins[0].mean_reward] == pytest.approx([0.4, 0.3])
    assert (await client.health(window=4)).qualities[0].presentations == 4


async def test_health_without_positives_has_no_auc(client: Client) -> None:
    champion = (await client.list()).models[0].model_id
    prediction = pb.Prediction(model_version=f"{champion}@0")
    reward = pb.Reward(
        reward_key="d/hero", feature_set_version=client.version, action="mug", reward=0.0, prediction=prediction
    )
    await client.call("RecordRewards", pb.RecordRewardsRequest(request_id="r", rewards=[reward]))
    quality = (await client.health()).qualities[0]
    assert not quality.HasField("auc")
    assert not quality.HasField("calibration_ratio")
