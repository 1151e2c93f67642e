"""The rules service over gRPC."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
import numpy as np
from tandem.common.v1 import stage_pb2
from tandem.rules.v1 import rule_set_pb2
from tandem.rules.v1 import rules_service_pb2 as pb
from tandem.rules.v1.rules_service_pb2_grpc import RulesServiceStub

from services.orchestrator.adapters.deadline import remaining_s
from services.orchestrator.adapters.rule_set_client import place_from, rule_set_to
from services.orchestrator.app.ports import DropReason, PolicyQuestion, PolicyVerdict
from services.orchestrator.domain.policy_parts import Finding, RuleSetPart
from shared.clock import Clock
from shared.rpc.channel import call
from shared.rpc.values import feature_to_proto, timestamp_proto, value_from_proto
from shared.values import FeatureStatus

SERVICE = "rules"
PUBLISH_S = 60.0


class GrpcRules:
    """Implements RuleEvaluator and RuleSetPublisher."""

    def __init__(self, channel: grpc.aio.Channel, clock: Clock) -> None:
        self._stub = RulesServiceStub(channel)  # type: ignore[no-untyped-call]
        self._clock = clock

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        explain = stage_pb2.EXPLAIN_FULL if question.with_reasons else stage_pb2.EXPLAIN_NONE
        request = pb.EvaluateEngagementPolicyRequest(
            rule_set_version=question.rule_set_version,
            attributes={name: feature_to_proto(feature) for name, feature in question.attributes.items()},
            evaluation_time=timestamp_proto(question.evaluation_time_ms),
            explain=explain,
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.EvaluateEngagementPolicyResponse = await call(
            self._stub.EvaluateEngagementPolicy, request, timeout_s=timeout_s, service=SERVICE
        )
        return _verdict(response, question.action_index)

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


def _verdict(response: pb.EvaluateEngagementPolicyResponse, action_index: Mapping[str, int]) -> PolicyVerdict:
    eligible = [action_index[action] for action in response.eligible_actions]
    return PolicyVerdict(
        np.array(eligible, dtype=np.int32),
        {column.name: np.array(column.values, dtype=np.float64) for column in response.numbers},
        {each.stage: each.count for each in response.dropped_by_stage},
        tuple(_reason(each, action_index) for each in response.dropped),
        tuple(response.segments),
    )


def _reason(dropped: stage_pb2.Dropped, action_index: Mapping[str, int]) -> DropReason:
    return DropReason(
        action_index[dropped.action],
        dropped.stage,
        dropped.rule_id,
        dropped.rule_version,
        dropped.attribute,
        value_from_proto(dropped.observed, "observed") if dropped.HasField("observed") else None,
        FeatureStatus(dropped.status) if dropped.status else None,
        dropped.threshold,
    )


def _finding(finding: rule_set_pb2.Finding) -> Finding:
    return Finding(
        place_from(finding.position),
        finding.code,
        finding.message,
        finding.severity == rule_set_pb2.SEVERITY_ERROR,
    )
