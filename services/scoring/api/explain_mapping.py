"""Questions why, and their answers, as messages."""

from __future__ import annotations

from tandem.scoring.v1 import explanation_pb2 as pb

from services.scoring.app.explain_score import ExplainedScore, ExplainQuery
from services.scoring.domain.explanation.explanation import Contribution
from shared.rpc.values import feature_to_proto, features_from_proto


def question_from_proto(message: pb.ExplainScoreRequest) -> ExplainQuery:
    return ExplainQuery(
        feature_set_version=message.feature_set_version,
        features=features_from_proto(message.features, "features"),
        action=message.action,
        channel=message.channel.upper(),
        placement_id=message.placement_id,
        model_id=message.model_id,
        max_reasons=message.max_reasons,
    )


def explained_to_proto(explained: ExplainedScore) -> pb.ExplainScoreResponse:
    explanation = explained.explanation
    return pb.ExplainScoreResponse(
        model_version=explanation.model_version,
        mean=explanation.mean,
        log_odds=explanation.log_odds,
        expected_log_odds=explanation.expected_log_odds,
        contributions=[_contribution_to_proto(each) for each in explanation.contributions],
        reasons=explained.reasons,
    )


def _contribution_to_proto(contribution: Contribution) -> pb.Contribution:
    return pb.Contribution(
        name=contribution.name,
        feature=feature_to_proto(contribution.feature),
        base=contribution.base,
        learnt=contribution.learnt,
    )
