"""Evaluations between the wire and the domain."""

from __future__ import annotations

from tandem.common.v1 import stage_pb2
from tandem.rules.v1 import rules_service_pb2 as pb

from services.rules.app.requests import EvaluationQuery, PolicyEvaluation
from services.rules.domain.evaluation import DroppedAction, Explain
from shared.errors import InvalidArgument
from shared.rpc.values import features_from_proto, timestamp_ms, value_to_proto

Request = pb.EvaluateEngagementPolicyRequest
Response = pb.EvaluateEngagementPolicyResponse


def query_from(request: Request) -> EvaluationQuery:
    moment = timestamp_ms(request.evaluation_time, "evaluation_time") if request.HasField("evaluation_time") else None
    return EvaluationQuery(
        request.rule_set_version,
        features_from_proto(request.attributes, "attributes"),
        moment,
        _explain(request.explain),
    )


def response_to(answer: PolicyEvaluation) -> Response:
    evaluation = answer.evaluation
    return Response(
        rule_set_version=answer.version,
        eligible_actions=evaluation.eligible_actions,
        numbers=[
            Response.NumberColumn(name=name, values=values.tolist()) for name, values in evaluation.numbers.items()
        ],
        dropped_by_stage=[
            stage_pb2.StageCount(stage=int(stage), count=count)  # type: ignore[arg-type]
            for stage, count in evaluation.dropped_by_stage.items()
        ],
        dropped=[_dropped(each, answer.version) for each in evaluation.dropped],
        segments=evaluation.segments,
    )


def _dropped(dropped: DroppedAction, version: str) -> stage_pb2.Dropped:
    message = stage_pb2.Dropped(
        action=dropped.action,
        stage=int(dropped.stage),  # type: ignore[arg-type]
        rule_id=dropped.rule_id,
        rule_version=version,
        attribute=dropped.attribute,
        status=int(dropped.status or 0),  # type: ignore[arg-type]
        threshold=dropped.threshold,
    )
    if dropped.observed is not None:
        message.observed.CopyFrom(value_to_proto(dropped.observed))
    return message


def _explain(number: int) -> Explain:
    try:
        return Explain(number) if number else Explain.NONE
    except ValueError:
        raise InvalidArgument.field("explain", f"{number} is not a degree of explanation") from None
