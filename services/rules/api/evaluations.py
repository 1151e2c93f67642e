"""Evaluations between the wire and the domain."""

from __future__ import annotations

from tandem.common.v1 import stage_pb2
from tandem.rules.v1 import rules_service_pb2 as pb

from services.rules.api.explanations import write_all_dropped
from services.rules.app.requests import EvaluationQuery, PolicyEvaluation
from services.rules.domain.evaluation import Explain
from shared.errors import InvalidArgument
from shared.rpc.values import features_from_proto, timestamp_ms

Request = pb.EvaluateEngagementPolicyRequest
Response = pb.EvaluateEngagementPolicyResponse


def query_from(request: Request) -> EvaluationQuery:
    return EvaluationQuery(
        request.rule_set_version,
        features_from_proto(request.attributes, "attributes"),
        moment_from(request),
        explain_from(request.explain),
        frozenset(request.explain_actions),
        request.with_segments,
    )


def response_to(answer: PolicyEvaluation) -> Response:
    evaluation = answer.evaluation
    response = Response(
        rule_set_version=answer.version,
        eligible_actions=evaluation.eligible_actions,
        numbers=[
            Response.NumberColumn(name=name, values=values.tolist()) for name, values in evaluation.numbers.items()
        ],
        dropped_by_stage=[
            stage_pb2.StageCount(stage=int(stage), count=count)  # type: ignore[arg-type]
            for stage, count in evaluation.dropped_by_stage.items()
        ],
        segments=evaluation.segments,
        dropped_treatments=evaluation.dropped_treatments,
    )
    write_all_dropped(response.dropped, evaluation.dropped, answer.version)
    return response


def segments_query_from(request: pb.EvaluateSegmentsRequest) -> EvaluationQuery:
    attributes = features_from_proto(request.attributes, "attributes")
    return EvaluationQuery(request.rule_set_version, attributes, moment_from(request))


def moment_from(
    request: Request | pb.BatchEvaluateEngagementPolicyRequest | pb.EvaluateSegmentsRequest,
) -> int | None:
    return timestamp_ms(request.evaluation_time, "evaluation_time") if request.HasField("evaluation_time") else None


def explain_from(number: int) -> Explain:
    try:
        return Explain(number) if number else Explain.NONE
    except ValueError:
        raise InvalidArgument.field("explain", f"{number} is not a degree of explanation") from None
