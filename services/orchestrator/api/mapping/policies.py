"""Policies and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable

from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb
from tandem.orchestrator.v1 import policy_lifecycle_pb2, policy_pb2

from services.orchestrator.api.mapping import fields
from services.orchestrator.app.list_policies import PolicyPage, StoredPolicy
from services.orchestrator.app.policy_life import PolicySummary
from services.orchestrator.app.policy_register import PolicyCursor
from services.orchestrator.app.publish import PublishedPolicy
from services.orchestrator.domain.policy_parts import Finding
from shared.errors import InvalidArgument
from shared.paging import page_size, page_start, page_token

DEFAULT_PAGE, MAX_PAGE = 50, 1_000
MAX_DIGITS = 18
"""Of a moment in milliseconds."""
_LIST = "policies"


def published_response(published: PublishedPolicy) -> pb.PublishPolicyResponse:
    return pb.PublishPolicyResponse(
        policy_version=published.policy_version, findings=_findings(published.findings), active=published.active
    )


def validated_response(findings: Iterable[Finding]) -> pb.ValidatePolicyResponse:
    return pb.ValidatePolicyResponse(findings=_findings(findings))


def policy_to(policy: PolicySummary) -> policy_pb2.Policy:
    return policy_pb2.Policy(
        policy_version=policy.policy_version,
        policy=policy.name,
        active=policy.active,
        publish_time=fields.time_proto(policy.publish_time_ms),
        state=f"POLICY_STATE_{policy.state.name}",
        author=policy.author,
        approver=policy.approver,
        approve_time=fields.time_proto(policy.approve_time_ms),
        activator=policy.activator,
        activate_time=fields.time_proto(policy.activate_time_ms),
    )


def stored_response(stored: StoredPolicy, *, with_files: bool) -> policy_lifecycle_pb2.GetPolicyResponse:
    versions = policy_pb2.Versions(
        policy=stored.versions.policy, rule_set=stored.versions.rule_set, catalogue=stored.versions.catalogue
    )
    files = stored.files if with_files else {}
    return policy_lifecycle_pb2.GetPolicyResponse(policy=policy_to(stored.summary), versions=versions, files=files)


def person(name: str, path: str) -> str:
    """Who calls themselves so; somebody."""
    if not name.strip():
        raise InvalidArgument.field(path, "required and missing", reason="REQUIRED_FIELD_MISSING")
    return fields.short_text(name, path)


def page_from(request: policy_lifecycle_pb2.ListPoliciesRequest) -> tuple[int, PolicyCursor | None]:
    """How many, and from where on."""
    size = page_size(request.page_size, default=DEFAULT_PAGE, maximum=MAX_PAGE)
    after = page_start(request.page_token, _LIST)
    if after is None:
        return size, None
    moment, _, version = str(after).partition("/")
    if not moment.isdecimal() or len(moment) > MAX_DIGITS:
        raise InvalidArgument.field("page_token", "is not a token of this server")
    return size, (int(moment), version)


def page_to(page: PolicyPage) -> policy_lifecycle_pb2.ListPoliciesResponse:
    token = "" if page.after is None else page_token(f"{page.after[0]}/{page.after[1]}", _LIST)
    return policy_lifecycle_pb2.ListPoliciesResponse(
        policies=[policy_to(each) for each in page.policies], next_page_token=token
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
