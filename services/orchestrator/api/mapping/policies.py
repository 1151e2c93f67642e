"""Policies and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable

from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb
from tandem.orchestrator.v1 import policy_pb2

from services.orchestrator.api.mapping import fields
from services.orchestrator.app.activate import PolicySummary
from services.orchestrator.app.publish import PublishedPolicy
from services.orchestrator.domain.policy_parts import Finding


def published_response(published: PublishedPolicy) -> pb.PublishPolicyResponse:
    return pb.PublishPolicyResponse(
        policy_version=published.policy_version, findings=_findings(published.findings), active=published.active
    )


def validated_response(findings: Iterable[Finding]) -> pb.ValidatePolicyResponse:
    return pb.ValidatePolicyResponse(findings=_findings(findings))


def activated_response(policy: PolicySummary) -> pb.ActivatePolicyResponse:
    return pb.ActivatePolicyResponse(
        policy=policy_pb2.Policy(
            policy_version=policy.policy_version,
            policy=policy.name,
            active=policy.active,
            publish_time=fields.time_proto(policy.publish_time_ms),
        )
    )


def _findings(findings: Iterable[Finding]) -> list[policy_pb2.Finding]:
    return [_finding(each) for each in findings]


def _finding(finding: Finding) -> policy_pb2.Finding:
    error, warning = policy_pb2.FINDING_SEVERITY_ERROR, policy_pb2.FINDING_SEVERITY_WARNING
    return policy_pb2.Finding(
        file=finding.place.file,
        line=finding.place.line,
        column=finding.place.column,
        code=finding.code,
        message=finding.message,
        severity=error if finding.is_error else warning,
    )
