"""Batches of evaluations between the wire and the domain: what is wrong with one subject is its own answer."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.internal.containers import MessageMap
from tandem.common.v1 import value_pb2
from tandem.rules.v1 import rules_service_pb2 as pb

from services.rules.api.evaluations import explain_from, moment_from, response_to
from services.rules.app.evaluate import MAX_SUBJECTS
from services.rules.app.requests import BatchEvaluation, BatchQuery, PolicyEvaluation
from services.rules.domain.evaluation import Evaluation
from shared.errors import InvalidArgument, TandemError
from shared.rpc.errors import to_status
from shared.rpc.values import features_from_proto
from shared.values import Feature

Request = pb.BatchEvaluateEngagementPolicyRequest
Response = pb.BatchEvaluateEngagementPolicyResponse


def batch_from(request: Request) -> BatchQuery:
    """Raises InvalidArgument for what is wrong with the whole request."""
    if len(request.subjects) > MAX_SUBJECTS:
        raise InvalidArgument.field("subjects", f"has {len(request.subjects)} elements; {MAX_SUBJECTS} are allowed")
    return BatchQuery(
        request.rule_set_version,
        [_subject(each.attributes, f"subjects[{place}].attributes") for place, each in enumerate(request.subjects)],
        moment_from(request),
        explain_from(request.explain),
        request.with_segments,
    )


def batch_to(answer: BatchEvaluation) -> Response:
    return Response(items=[_item(each, answer.version) for each in answer.outcomes])


def _subject(attributes: MessageMap[str, value_pb2.Feature], path: str) -> Mapping[str, Feature] | TandemError:
    try:
        return features_from_proto(attributes, path)
    except InvalidArgument as error:
        return error


def _item(outcome: Evaluation | TandemError, version: str) -> Response.Item:
    if isinstance(outcome, TandemError):
        return Response.Item(error=to_status(outcome))
    return Response.Item(result=response_to(PolicyEvaluation(version, outcome)))
