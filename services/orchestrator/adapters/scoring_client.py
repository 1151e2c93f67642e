"""The scoring service over gRPC."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
import numpy as np
from tandem.common.v1 import value_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb
from tandem.scoring.v1.scoring_service_pb2_grpc import ScoringServiceStub

from services.orchestrator.adapters.deadline import remaining_s
from services.orchestrator.adapters.score_batches import joined
from services.orchestrator.app.ports import Prediction, Reward, ScoreQuestion, Scores, Severity, ShadowScores
from services.orchestrator.domain.policy_parts import AttributePart, CrossPart, FeatureSetPart, ScoredActionPart
from shared.clock import Clock
from shared.errors import Internal, TandemError
from shared.rpc.channel import call
from shared.rpc.errors import from_status
from shared.rpc.values import duration_proto, feature_to_proto, timestamp_proto, value_to_proto

SERVICE = "scoring"
PUBLISH_S = 30.0


class GrpcScoring:
    """Implements Scorer, ManyScores, Rescorer, RewardSink, RewardEraser and FeatureSetPublisher."""

    def __init__(self, channel: grpc.aio.Channel, clock: Clock) -> None:
        self._stub = ScoringServiceStub(channel)  # type: ignore[no-untyped-call]
        self._clock = clock

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.ScoreActionsResponse = await call(
            self._stub.ScoreActions, _query(question), timeout_s=timeout_s, service=SERVICE
        )
        return _scores(response)

    async def score_many(
        self, questions: Sequence[ScoreQuestion], *, deadline_ms: int
    ) -> Sequence[Scores | TandemError]:
        candidates = joined(questions)
        request = pb.BatchScoreActionsRequest(
            feature_set_version=questions[0].feature_set_version,
            subjects=[
                pb.BatchScoreActionsRequest.Subject(features=_features(question), candidates=own)
                for question, own in zip(questions, candidates.own, strict=True)
            ],
            actions=candidates.actions,
            channels=candidates.channels,
            placement_ids=candidates.placement_ids,
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.BatchScoreActionsResponse = await call(
            self._stub.BatchScoreActions, request, timeout_s=timeout_s, service=SERVICE
        )
        return [_scores_or_error(item) for item in response.items]

    async def rescore(self, question: ScoreQuestion, model_version: str, *, deadline_ms: int) -> Scores:
        request = pb.RescoreActionsRequest(question=_query(question), model_version=model_version)
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.RescoreActionsResponse = await call(
            self._stub.RescoreActions, request, timeout_s=timeout_s, service=SERVICE
        )
        return _scores(response.scores)

    async def record_rewards(self, request_id: str, rewards: Sequence[Reward], *, deadline_ms: int) -> None:
        """Raises the error of the first reward that was refused; the others are taken."""
        request = pb.RecordRewardsRequest(request_id=request_id, rewards=[_reward(reward) for reward in rewards])
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.RecordRewardsResponse = await call(
            self._stub.RecordRewards, request, timeout_s=timeout_s, service=SERVICE
        )
        refused = next((item.error for item in response.items if item.HasField("error")), None)
        if refused is not None:
            raise from_status(refused) or Internal("INTERNAL", refused.message, metadata={"service": SERVICE})

    async def erase_rewards(self, request_id: str, decision_ids: Sequence[str], *, deadline_ms: int) -> None:
        request = pb.EraseSubjectDataRequest(request_id=request_id, decision_ids=decision_ids)
        timeout_s = remaining_s(deadline_ms, self._clock)
        await call(self._stub.EraseSubjectData, request, timeout_s=timeout_s, service=SERVICE)

    async def publish_feature_set(self, request_id: str, feature_set: FeatureSetPart) -> str:
        request = pb.PublishFeatureSetRequest(request_id=request_id, feature_set=_feature_set(feature_set))
        response: pb.PublishFeatureSetResponse = await call(
            self._stub.PublishFeatureSet, request, timeout_s=PUBLISH_S, service=SERVICE
        )
        return response.feature_set_version


def _query(question: ScoreQuestion) -> pb.ScoreActionsRequest:
    return pb.ScoreActionsRequest(
        feature_set_version=question.feature_set_version,
        features=_features(question),
        actions=question.action_ids(),
        channels=question.channels,
        placement_ids=question.placement_ids,
    )


def _features(question: ScoreQuestion) -> dict[str, value_pb2.Feature]:
    return {name: feature_to_proto(feature) for name, feature in question.features.items()}


def _scores_or_error(item: pb.BatchScoreActionsResponse.Item) -> Scores | TandemError:
    if item.HasField("scores"):
        return _scores(item.scores)
    return from_status(item.error) or Internal("INTERNAL", item.error.message, metadata={"service": SERVICE})


def _scores(response: pb.ScoreActionsResponse) -> Scores:
    return Scores(
        response.model_version,
        np.array(response.means),
        np.array(response.uncertainties),
        np.array(response.evidences),
        np.array(response.log_odds_means),
        np.array(response.log_odds_deviations),
        _shadow(response),
        response.is_apprentice,
        _severity(response),
    )


def _shadow(response: pb.ScoreActionsResponse) -> ShadowScores | None:
    if not response.HasField("shadow"):
        return None
    return ShadowScores(response.shadow.model_version, np.array(response.shadow.means))


def _severity(response: pb.ScoreActionsResponse) -> Severity | None:
    if not response.expected_values:
        return None
    return Severity(np.array(response.expected_values), np.array(response.value_uncertainties))


def _reward(reward: Reward) -> pb.Reward:
    return pb.Reward(
        reward_key=reward.reward_key,
        feature_set_version=reward.feature_set_version,
        action=reward.action,
        channel=reward.channel,
        placement_id=reward.placement_id,
        features={name: feature_to_proto(feature) for name, feature in reward.features.items()},
        reward=reward.reward,
        reward_time=timestamp_proto(reward.reward_time_ms),
        prediction=None if reward.prediction is None else _prediction(reward.prediction),
        value=reward.value,
    )


def _prediction(said: Prediction) -> pb.Prediction:
    return pb.Prediction(
        model_version=said.model_version,
        propensity=said.propensity,
        shadow_model_version=said.shadow_model_version,
        shadow_propensity=said.shadow_propensity,
        choice_probability=said.choice_probability,
        decision_time=timestamp_proto(said.decision_time_ms) if said.decision_time_ms else None,
        candidates=said.candidates,
    )


def _feature_set(feature_set: FeatureSetPart) -> pb.FeatureSet:
    return pb.FeatureSet(
        features=[_feature(feature) for feature in feature_set.features],
        actions=[_action(action) for action in feature_set.actions],
        prior_propensity=feature_set.prior_propensity,
        objective=feature_set.objective,
        crosses=[_cross(cross) for cross in feature_set.crosses],
        monotone=[_monotone(name, sign) for name, sign in feature_set.monotone.items()],
        interactions=[pb.InteractionGroup(names=names) for names in feature_set.interactions],
        prior_value=feature_set.prior_value,
        outcome_window=duration_proto(feature_set.window_ms or None),
    )


def _cross(cross: CrossPart) -> pb.CrossDeclaration:
    kind, window = f"KIND_{cross.kind}", duration_proto(cross.window_ms or None)
    return pb.CrossDeclaration(
        name=cross.name, kind=kind, feature=cross.feature, attribute=cross.attribute, window=window
    )


def _monotone(name: str, sign: int) -> pb.MonotoneConstraint:
    way = pb.MonotoneConstraint.DIRECTION_INCREASING if sign > 0 else pb.MonotoneConstraint.DIRECTION_DECREASING
    return pb.MonotoneConstraint(name=name, direction=way)


def _feature(feature: AttributePart) -> pb.FeatureDeclaration:
    return pb.FeatureDeclaration(name=feature.name, type=int(feature.type))  # type: ignore[arg-type]


def _action(action: ScoredActionPart) -> pb.ActionDeclaration:
    return pb.ActionDeclaration(
        action=action.action,
        group=action.group,
        issue=action.issue,
        attributes={name: value_to_proto(value) for name, value in action.attributes.items()},
    )
