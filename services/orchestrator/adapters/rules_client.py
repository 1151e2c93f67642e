"""The rules service over gRPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import grpc
import numpy as np
from tandem.common.v1 import stage_pb2, value_pb2
from tandem.rules.v1 import rule_set_pb2
from tandem.rules.v1 import rules_service_pb2 as pb
from tandem.rules.v1.rules_service_pb2_grpc import RulesServiceStub

from services.orchestrator.adapters.deadline import remaining_s
from services.orchestrator.adapters.reading import reading
from services.orchestrator.adapters.rule_set_client import place_from, rule_set_to
from services.orchestrator.app.ports import DropReason, PolicyQuestion, PolicyVerdict
from services.orchestrator.domain.explanation import AttributeChange, FailedTest, SmallestChange
from services.orchestrator.domain.policy_parts import Finding, RuleSetPart
from shared.clock import Clock
from shared.errors import Internal, TandemError
from shared.rpc.channel import call
from shared.rpc.errors import from_status
from shared.rpc.values import feature_to_proto, timestamp_proto, value_from_proto
from shared.values import FeatureStatus, Value

SERVICE = "rules"
PUBLISH_S = 60.0


class GrpcRules:
    """Implements RuleEvaluator, ManyVerdicts and RuleSetPublisher."""

    def __init__(self, channel: grpc.aio.Channel, clock: Clock) -> None:
        self._stub = RulesServiceStub(channel)  # type: ignore[no-untyped-call]
        self._clock = clock

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        request = pb.EvaluateEngagementPolicyRequest(
            rule_set_version=question.rule_set_version,
            attributes=_attributes(question),
            evaluation_time=timestamp_proto(question.evaluation_time_ms),
            explain=int(question.explain),  # type: ignore[arg-type]
            explain_actions=question.explain_actions,
            with_segments=question.with_segments,
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.EvaluateEngagementPolicyResponse = await call(
            self._stub.EvaluateEngagementPolicy, request, timeout_s=timeout_s, service=SERVICE
        )
        with reading(SERVICE):
            return _verdict(response, question.action_index)

    async def evaluate_many(
        self, questions: Sequence[PolicyQuestion], *, deadline_ms: int
    ) -> Sequence[PolicyVerdict | TandemError]:
        first = questions[0]
        request = pb.BatchEvaluateEngagementPolicyRequest(
            rule_set_version=first.rule_set_version,
            subjects=[
                pb.BatchEvaluateEngagementPolicyRequest.Subject(attributes=_attributes(each)) for each in questions
            ],
            evaluation_time=timestamp_proto(first.evaluation_time_ms),
            explain=int(first.explain),  # type: ignore[arg-type]
            with_segments=first.with_segments,
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.BatchEvaluateEngagementPolicyResponse = await call(
            self._stub.BatchEvaluateEngagementPolicy, request, timeout_s=timeout_s, service=SERVICE
        )
        with reading(SERVICE):
            return [_verdict_or_error(item, first.action_index) for item in response.items]

    async def validate_rule_set(self, rule_set: RuleSetPart) -> tuple[Finding, ...]:
        request = pb.ValidateRuleSetRequest(rule_set=rule_set_to(rule_set))
        response: pb.ValidateRuleSetResponse = await call(
            self._stub.ValidateRuleSet, request, timeout_s=PUBLISH_S, service=SERVICE
        )
        return tuple(_finding(each) for each in response.findings)

    async def publish_rule_set(self, request_id: str, rule_set: RuleSetPart) -> str:
        request = pb.PublishRuleSetRequest(request_id=request_id, rule_set=rule_set_to(rule_set))
        response: pb.PublishRuleSetResponse = await call(
            self._stub.PublishRuleSet, request, timeout_s=PUBLISH_S, service=SERVICE
        )
        return response.rule_set_version

    async def activate_triggers(self, request_id: str, rule_set_version: str) -> None:
        request = pb.ActivateTriggersRequest(request_id=request_id, rule_set_version=rule_set_version)
        await call(self._stub.ActivateTriggers, request, timeout_s=PUBLISH_S, service=SERVICE)


def _attributes(question: PolicyQuestion) -> dict[str, value_pb2.Feature]:
    return {name: feature_to_proto(feature) for name, feature in question.attributes.items()}


def _verdict_or_error(
    item: pb.BatchEvaluateEngagementPolicyResponse.Item, action_index: Mapping[str, int]
) -> PolicyVerdict | TandemError:
    if item.HasField("result"):
        return _verdict(item.result, action_index)
    return from_status(item.error) or Internal("INTERNAL", item.error.message, metadata={"service": SERVICE})


def _verdict(response: pb.EvaluateEngagementPolicyResponse, action_index: Mapping[str, int]) -> PolicyVerdict:
    eligible = [action_index[action] for action in response.eligible_actions]
    return PolicyVerdict(
        np.array(eligible, dtype=np.int32),
        {column.name: np.array(column.values, dtype=np.float64) for column in response.numbers},
        {each.stage: each.count for each in response.dropped_by_stage},
        tuple(_reason(each, action_index) for each in response.dropped),
        tuple(response.segments),
        tuple(response.dropped_treatments),
    )


def _reason(dropped: stage_pb2.Dropped, action_index: Mapping[str, int]) -> DropReason:
    return DropReason(
        action_index[dropped.action],
        dropped.stage,
        dropped.rule_id,
        dropped.rule_version,
        dropped.attribute,
        _value(dropped.observed) if dropped.HasField("observed") else None,
        _status(dropped.status),
        dropped.threshold,
        dropped.treatment,
        tuple(_failed(each) for each in dropped.failed),
        _smallest_change(dropped.smallest_change) if dropped.HasField("smallest_change") else None,
    )


def _failed(failed: stage_pb2.FailedTest) -> FailedTest:
    observed = _value(failed.observed) if failed.HasField("observed") else None
    return FailedTest(failed.attribute, observed, _status(failed.status), failed.threshold)


def _smallest_change(change: stage_pb2.SmallestChange) -> SmallestChange:
    changes = tuple(_attribute_change(each) for each in change.changes)
    return SmallestChange(changes, change.none_because, change.smaller_not_ruled_out)


def _attribute_change(change: stage_pb2.SmallestChange.AttributeChange) -> AttributeChange:
    observed = _value(change.observed) if change.HasField("observed") else None
    needed = _value(change.needed) if change.HasField("needed") else None
    return AttributeChange(change.attribute, observed, _status(change.status), needed)


def _value(value: value_pb2.TypedValue) -> Value:
    return value_from_proto(value, "dropped")


def _status(number: int) -> FeatureStatus | None:
    return FeatureStatus(number) if number else None


def _finding(finding: rule_set_pb2.Finding) -> Finding:
    return Finding(
        place_from(finding.position),
        finding.code,
        finding.message,
        finding.severity == rule_set_pb2.SEVERITY_ERROR,
    )
