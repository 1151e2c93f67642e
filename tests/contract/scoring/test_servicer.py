"""ScoringService over a real channel: what the comments of its proto promise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1.value_pb2 import (
    ATTRIBUTE_TYPE_INT,
    ATTRIBUTE_TYPE_STRING,
    FEATURE_STATUS_NOT_FOUND,
    FEATURE_STATUS_PRESENT,
    Feature,
    TypedValue,
)
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.bootstrap import bootstrap
from services.scoring.settings import ScoringSettings
from shared.rpc.errors import from_rpc_error, from_status
from tests.support.grpc_server import Loopback, loopback

SERVICE = pb.DESCRIPTOR.services_by_name["ScoringService"]
FEATURE_SET = pb.FeatureSet(
    features=[
        pb.FeatureDeclaration(name="age", type=ATTRIBUTE_TYPE_INT),
        pb.FeatureDeclaration(name="tier", type=ATTRIBUTE_TYPE_STRING),
    ],
    actions=[
        pb.ActionDeclaration(action="mug", group="kitchen", issue="grow"),
        pb.ActionDeclaration(
            action="pan", group="kitchen", issue="grow", attributes={"price": TypedValue(double_value=49)}
        ),
    ],
)
GOLD = {"tier": Feature(value=TypedValue(string_value="gold"), status=FEATURE_STATUS_PRESENT)}
WRONG_AGE = {"age": Feature(value=TypedValue(string_value="old"), status=FEATURE_STATUS_PRESENT)}


@pytest.fixture
async def server(settings: ScoringSettings) -> AsyncIterator[Loopback]:
    async with AsyncExitStack() as stack:
        components = await bootstrap(settings, stack)
        yield await stack.enter_async_context(loopback(SERVICE, components.binding.servicer))


class Client:
    def __init__(self, server: Loopback) -> None:
        self._server = server

    async def call(self, method: str, request: Any) -> Any:
        return await self._server.unary(method)(request, timeout=20)

    async def publish(self, feature_set: pb.FeatureSet = FEATURE_SET, request_id: str = "p1") -> str:
        request = pb.PublishFeatureSetRequest(request_id=request_id, feature_set=feature_set)
        return str((await self.call("PublishFeatureSet", request)).feature_set_version)

    async def score(
        self, version: str, actions: Sequence[str] = ("mug", "pan"), **fields: Any
    ) -> pb.ScoreActionsResponse:
        request = pb.ScoreActionsRequest(feature_set_version=version, actions=actions, **{"features": GOLD, **fields})
        answer: pb.ScoreActionsResponse = await self.call("ScoreActions", request)
        return answer

    async def reward(self, *rewards: pb.Reward, request_id: str = "r1") -> pb.RecordRewardsResponse:
        answer: pb.RecordRewardsResponse = await self.call(
            "RecordRewards", pb.RecordRewardsRequest(request_id=request_id, rewards=rewards)
        )
        return answer


@pytest.fixture
def client(server: Loopback) -> Client:
    return Client(server)


def reward(version: str, **fields: Any) -> pb.Reward:
    complete = {"reward_key": "k1", "feature_set_version": version, "action": "mug", "reward": 1.0, "features": GOLD}
    return pb.Reward(**{**complete, **fields})


async def refusal(call: Any) -> tuple[grpc.StatusCode, str, str]:
    """Code, reason and first wrong field of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = from_rpc_error(caught.value)
    field = error.violations[0].field if error.violations else ""
    return caught.value.code(), error.reason, field


async def test_a_score_moves_after_a_reward(client: Client) -> None:
    version = await client.publish()
    before = await client.score(version, channels=["EMAIL", "WEB"])
    recorded = await client.reward(reward(version, channel="EMAIL"))
    after = await client.score(version, channels=["EMAIL", "WEB"])
    assert after.means[0] > 1.5 * before.means[0]
    assert after.means[0] > after.means[1] > before.means[1]
    assert recorded.items[0].result == pb.RecordRewardsResponse.Result(reward_key="k1", duplicate=False)
    assert recorded.model_version == after.model_version != before.model_version
    assert list(after.evidences) == [1.0, 0.0]


async def test_a_cold_system_answers_the_default_prior(client: Client) -> None:
    scores = await client.score(await client.publish())
    assert list(scores.means) == pytest.approx([0.05, 0.05], rel=0.15)
    assert len(scores.uncertainties) == len(scores.log_odds_means) == len(scores.log_odds_deviations) == 2
    assert min(scores.uncertainties) > 0.01
    assert min(scores.log_odds_deviations) > 0.1
    assert scores.feature_statuses == {"tier": FEATURE_STATUS_PRESENT, "age": FEATURE_STATUS_NOT_FOUND}


async def test_publishing_is_idempotent_by_content(client: Client) -> None:
    assert await client.publish(request_id="p1") == await client.publish(request_id="p2")


async def test_another_feature_set_under_a_known_request_id_is_refused(client: Client) -> None:
    await client.publish()
    call = client.publish(pb.FeatureSet(prior_propensity=0.5))
    assert (await refusal(call))[:2] == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    ("feature_set", "field"),
    [
        (pb.FeatureSet(prior_propensity=1.5), "feature_set.prior_propensity"),
        (pb.FeatureSet(prior_propensity=float("nan")), "feature_set.prior_propensity"),
        (
            pb.FeatureSet(features=[pb.FeatureDeclaration(name="Age", type=ATTRIBUTE_TYPE_INT)]),
            "feature_set.features[0].name",
        ),
        (
            pb.FeatureSet(features=[pb.FeatureDeclaration(name="age", type=77)]),  # type: ignore[arg-type]
            "feature_set.features[0].type",
        ),
        (
            pb.FeatureSet(
                actions=[
                    pb.ActionDeclaration(
                        action="a", group="g", issue="i", attributes={"x": TypedValue(double_value=float("inf"))}
                    )
                ]
            ),
            'feature_set.actions[0].attributes["x"]',
        ),
    ],
)
async def test_wrong_feature_set_is_refused_by_path(client: Client, feature_set: pb.FeatureSet, field: str) -> None:
    expected = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", field)
    assert await refusal(client.publish(feature_set)) == expected


async def test_wrong_questions_are_refused(client: Client) -> None:
    version = await client.publish()
    invalid, not_found = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
    assert await refusal(client.score("features_none")) == (not_found, "FEATURE_SET_NOT_FOUND", "")
    assert await refusal(client.score(version, ["mugg"])) == (invalid, "UNKNOWN_ACTION", "actions[0]")
    assert await refusal(client.score(version, channels=["WEB"])) == (invalid, "INVALID_FIELD", "channels")
    assert await refusal(client.score(version, placement_ids=["a"] * 3)) == (invalid, "INVALID_FIELD", "placement_ids")
    assert await refusal(client.score(version, features=WRONG_AGE)) == (invalid, "INVALID_FIELD", 'features["age"]')
    assert await refusal(client.score(version, ["mug"] * 60_001)) == (invalid, "INVALID_FIELD", "actions")
    assert await refusal(client.score("")) == (invalid, "REQUIRED_FIELD_MISSING", "feature_set_version")


async def test_sixty_thousand_candidates_are_scored(client: Client) -> None:
    scores = await client.score(await client.publish(), ["mug", "pan"] * 30_000)
    assert len(scores.means) == 60_000


async def test_undeclared_feature_is_ignored_in_scores_and_rewards(client: Client) -> None:
    version = await client.publish()
    more = {**GOLD, "shoe_size": Feature(value=TypedValue(int_value=44))}
    assert (await client.score(version, features=more)).means == (await client.score(version)).means
    assert (await client.reward(reward(version, features=more))).items[0].HasField("result")


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"reward": float("nan")}, "INVALID_FIELD", "rewards[1].reward"),
        ({"reward": float("inf")}, "INVALID_FIELD", "rewards[1].reward"),
        ({"reward": 1e300}, "INVALID_FIELD", "rewards[1].reward"),
        ({"reward": -0.1}, "INVALID_FIELD", "rewards[1].reward"),
        ({"action": "mugg"}, "UNKNOWN_ACTION", "rewards[1].action"),
        ({"feature_set_version": "features_none"}, "FEATURE_SET_NOT_FOUND", ""),
        ({"features": WRONG_AGE}, "INVALID_FIELD", 'rewards[1].features["age"]'),
        ({"reward_key": "x" * 257}, "INVALID_FIELD", "rewards[1].reward_key"),
        ({"reward_key": ""}, "INVALID_FIELD", "rewards[1].reward_key"),
        ({"action": ""}, "UNKNOWN_ACTION", "rewards[1].action"),
        ({"feature_set_version": ""}, "FEATURE_SET_NOT_FOUND", ""),
        ({"reward_time": Timestamp(seconds=253_402_300_799)}, "INVALID_FIELD", "rewards[1].reward_time"),
        ({"features": {"age": Feature(value=TypedValue(double_value=float("nan")))}}, "INVALID_FIELD", None),
    ],
)
async def test_wrong_reward_is_refused_alone(
    client: Client, changed: dict[str, Any], reason: str, field: str | None
) -> None:
    version = await client.publish()
    wrong = reward(version, **{"reward_key": "k2", **changed})
    answer = await client.reward(reward(version), wrong, reward(version, reward_key="k3"))
    assert [item.WhichOneof("outcome") for item in answer.items] == ["result", "error", "result"]
    error = from_status(answer.items[1].error)
    assert error is not None
    assert error.reason == reason
    if field is not None:
        assert [violation.field for violation in error.violations] == ([field] if field else [])
    assert (await client.score(version)).evidences[0] == 2


async def test_no_or_too_many_rewards_are_refused(client: Client) -> None:
    version = await client.publish()
    code, reason, _ = await refusal(client.reward())
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUIRED_FIELD_MISSING")
    many = [reward(version, reward_key=f"k{index}") for index in range(1_001)]
    assert await refusal(client.reward(*many)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", "rewards")


async def test_a_thousand_rewards_are_taken_at_once(client: Client) -> None:
    version = await client.publish()
    answer = await client.reward(*(reward(version, reward_key=f"k{index}", reward=index % 2) for index in range(1_000)))
    assert answer.model_version.endswith("@1000")
    assert (await client.score(version)).means[0] == pytest.approx(0.5, abs=0.1)


async def test_repeated_request_is_answered_as_before_and_learnt_once(client: Client) -> None:
    version = await client.publish()
    first = await client.reward(reward(version))
    scores = await client.score(version)
    again = await client.reward(reward(version))
    assert again == first
    assert (await client.score(version)).means == scores.means
    other = client.reward(reward(version, reward=0.0))
    assert (await refusal(other))[:2] == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_click_after_impression_counts_as_one_response(client: Client) -> None:
    version = await client.publish()
    await client.reward(reward(version, reward=0.0), request_id="impression")
    shown = await client.score(version)
    await client.reward(reward(version, reward=1.0), request_id="click")
    clicked = await client.score(version)
    duplicate = await client.reward(reward(version, reward=1.0), request_id="click again")
    assert clicked.means[0] > shown.means[0]
    assert clicked.evidences[0] == shown.evidences[0] == 1
    assert duplicate.items[0].result.duplicate
    assert duplicate.model_version == clicked.model_version


async def test_channel_is_the_same_in_either_case(client: Client) -> None:
    version = await client.publish()
    await client.reward(reward(version, channel="email"))
    upper, lower = [await client.score(version, channels=[name, name]) for name in ("EMAIL", "email")]
    assert upper.means == lower.means
    assert upper.means[0] > (await client.score(version, channels=["SMS", "SMS"])).means[0]


async def test_what_was_learnt_applies_to_the_next_feature_set(client: Client) -> None:
    version = await client.publish()
    for index in range(5):
        await client.reward(reward(version, reward_key=f"k{index}"), request_id=f"r{index}")
    richer = pb.FeatureSet()
    richer.CopyFrom(FEATURE_SET)
    richer.actions.add(action="pot", group="kitchen", issue="grow")
    richer.actions.add(action="novel", group="books", issue="win")
    scores = await client.score(await client.publish(richer, "p2"), ["mug", "pot", "novel"])
    assert scores.means[0] > scores.means[1] > scores.means[2] > 0.1
