"""Messages to domain values and back."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.duration_pb2 import Duration
from tandem.common.v1 import value_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.app.application import RecordedRewards
from services.scoring.app.record_rewards import RewardItem
from services.scoring.domain.feature_set import (
    DEFAULT_OBJECTIVE,
    DEFAULT_PRIOR_PROPENSITY,
    ActionDeclaration,
    CrossDeclaration,
    CrossKind,
    FeatureDeclaration,
    FeatureSet,
)
from services.scoring.domain.reward_batch import RewardOutcome
from services.scoring.domain.rewards import Prediction, Reward
from services.scoring.domain.scoring import ScoreQuery, Scores, ShadowScores
from shared.clock import MS_PER_DAY
from shared.errors import InvalidArgument
from shared.rpc.errors import to_status
from shared.rpc.values import features_from_proto, timestamp_ms, value_from_proto
from shared.values import AttributeType

_LONGEST_MS = 10_000 * MS_PER_DAY
_SIGNS = {pb.MonotoneConstraint.DIRECTION_INCREASING: 1, pb.MonotoneConstraint.DIRECTION_DECREASING: -1}


def feature_set_from_proto(message: pb.FeatureSet, path: str) -> FeatureSet:
    return FeatureSet(
        features=tuple(
            FeatureDeclaration(feature.name, _type_from_proto(feature.type, f"{path}.features[{index}].type"))
            for index, feature in enumerate(message.features)
        ),
        actions=tuple(
            _action_from_proto(action, f"{path}.actions[{index}]") for index, action in enumerate(message.actions)
        ),
        prior_propensity=message.prior_propensity or DEFAULT_PRIOR_PROPENSITY,
        objective=message.objective or DEFAULT_OBJECTIVE,
        crosses=tuple(
            _cross_from_proto(cross, f"{path}.crosses[{index}]") for index, cross in enumerate(message.crosses)
        ),
        monotone=_monotone_from_proto(message.monotone, f"{path}.monotone"),
        interactions=tuple(tuple(group.names) for group in message.interactions),
        prior_value=message.prior_value,
        outcome_window_ms=_period_ms(message, "outcome_window", f"{path}.outcome_window"),
    )


def query_from_proto(message: pb.ScoreActionsRequest) -> ScoreQuery:
    return ScoreQuery(
        feature_set_version=message.feature_set_version,
        features=features_from_proto(message.features, "features"),
        actions=message.actions,
        channels=[channel.upper() for channel in message.channels],
        placement_ids=message.placement_ids,
    )


def scores_to_proto(scores: Scores) -> pb.ScoreActionsResponse:
    return pb.ScoreActionsResponse(
        model_version=scores.model_version,
        means=scores.means.tolist(),
        uncertainties=scores.uncertainties.tolist(),
        evidences=scores.evidences.tolist(),
        log_odds_means=scores.log_odds_means.tolist(),
        log_odds_deviations=scores.log_odds_deviations.tolist(),
        feature_statuses={name: int(status) for name, status in scores.feature_statuses.items()},  # type: ignore[misc]
        shadow=None if scores.shadow is None else _shadow_to_proto(scores.shadow),
        is_apprentice=scores.is_apprentice,
        expected_values=[] if scores.severity is None else scores.severity.means.tolist(),
        value_uncertainties=[] if scores.severity is None else scores.severity.deviations.tolist(),
    )


def _shadow_to_proto(shadow: ShadowScores) -> pb.ShadowScores:
    return pb.ShadowScores(model_version=shadow.model_version, means=shadow.means.tolist())


def rewards_from_proto(messages: Sequence[pb.Reward]) -> list[RewardItem]:
    """One item each; a reward that cannot be read becomes the outcome that says why."""
    return [_reward_from_proto(message, f"rewards[{index}]") for index, message in enumerate(messages)]


def recorded_to_proto(recorded: RecordedRewards) -> pb.RecordRewardsResponse:
    return pb.RecordRewardsResponse(
        items=[_item_to_proto(outcome) for outcome in recorded.outcomes], model_version=recorded.model_version
    )


def _action_from_proto(message: pb.ActionDeclaration, path: str) -> ActionDeclaration:
    attributes = {
        name: value_from_proto(value, f'{path}.attributes["{name}"]') for name, value in message.attributes.items()
    }
    return ActionDeclaration(message.action, message.group, message.issue, attributes)


def _cross_from_proto(message: pb.CrossDeclaration, path: str) -> CrossDeclaration:
    try:
        kind = CrossKind(message.kind)
    except ValueError:
        raise InvalidArgument.field(f"{path}.kind", "must be a kind of cross") from None
    return CrossDeclaration(
        message.name, kind, message.feature, message.attribute, _period_ms(message, "window", f"{path}.window")
    )


def _period_ms(message: pb.CrossDeclaration | pb.FeatureSet, field: str, path: str) -> int:
    """0 where it is not set."""
    if not message.HasField(field):
        return 0
    period: Duration = getattr(message, field)
    total_ms = period.seconds * 1_000 + period.nanos // 1_000_000
    if not 1 <= total_ms <= _LONGEST_MS:
        raise InvalidArgument.field(path, f"must be from a millisecond to {_LONGEST_MS // MS_PER_DAY} days")
    return total_ms


def _monotone_from_proto(messages: Sequence[pb.MonotoneConstraint], path: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, message in enumerate(messages):
        if message.direction not in _SIGNS:
            raise InvalidArgument.field(f"{path}[{index}].direction", "must be INCREASING or DECREASING")
        if message.name in found:
            raise InvalidArgument.field(f"{path}[{index}].name", f"{message.name!r} is constrained twice")
        found[message.name] = _SIGNS[message.direction]
    return found


def _type_from_proto(kind: value_pb2.AttributeType, path: str) -> AttributeType:
    try:
        return AttributeType(kind)
    except ValueError:
        raise InvalidArgument.field(path, "must be an attribute type") from None


def _reward_from_proto(message: pb.Reward, path: str) -> RewardItem:
    try:
        time_ms = timestamp_ms(message.reward_time, f"{path}.reward_time") if message.HasField("reward_time") else None
        return Reward(
            reward_key=message.reward_key,
            feature_set_version=message.feature_set_version,
            action=message.action,
            channel=message.channel.upper(),
            placement_id=message.placement_id,
            features=features_from_proto(message.features, f"{path}.features"),
            reward=message.reward,
            reward_time_ms=time_ms,
            prediction=_prediction_from_proto(message, path) if message.HasField("prediction") else None,
            value=message.value if message.HasField("value") else None,
        )
    except InvalidArgument as error:
        return RewardOutcome(message.reward_key, error=error)


def _prediction_from_proto(reward: pb.Reward, path: str) -> Prediction:
    message, is_dated = reward.prediction, reward.prediction.HasField("decision_time")
    return Prediction(
        model_version=message.model_version,
        propensity=message.propensity,
        choice_probability=message.choice_probability,
        shadow_version=message.shadow_model_version,
        shadow_propensity=message.shadow_propensity,
        decision_time_ms=timestamp_ms(message.decision_time, f"{path}.prediction.decision_time") if is_dated else None,
        candidates=message.candidates,
    )


def _item_to_proto(outcome: RewardOutcome) -> pb.RecordRewardsResponse.Item:
    if outcome.error is not None:
        return pb.RecordRewardsResponse.Item(error=to_status(outcome.error))
    result = pb.RecordRewardsResponse.Result(reward_key=outcome.reward_key, duplicate=outcome.is_duplicate)
    return pb.RecordRewardsResponse.Item(result=result)
