"""A caller of Tandem that knows the public contracts and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from tandem.common.v1 import stage_pb2, subject_pb2, value_pb2
from tandem.orchestrator.v1 import decision_pb2, outcome_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as orchestrator_pb
from tandem.orchestrator.v1.orchestrator_service_pb2_grpc import OrchestratorServiceStub
from tandem.profile.v1 import consent_pb2, event_pb2, trait_pb2
from tandem.profile.v1 import profile_service_pb2 as profile_pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from tests.support.shop_policy import policy_files

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refused call said."""

    code: grpc.StatusCode
    reason: str
    fields: tuple[str, ...]

    @classmethod
    def of(cls, error: grpc.RpcError) -> Refusal:
        metadata: dict[str, Any] = dict(error.trailing_metadata() or ())  # type: ignore[arg-type]
        encoded = metadata.get("grpc-status-details-bin", b"")
        return cls.in_status(status_pb2.Status.FromString(encoded), error.code())

    @classmethod
    def in_status(cls, status: status_pb2.Status, code: grpc.StatusCode | None = None) -> Refusal:
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in status.details:
            detail.Unpack(info)
            detail.Unpack(bad)
        by_number = {each.value[0]: each for each in grpc.StatusCode}
        return cls(code or by_number[status.code], info.reason, tuple(each.field for each in bad.field_violations))


def fresh(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:16]}"


def subject(*names: str) -> subject_pb2.Subject:
    """`subject("crm:ada", "cookie:7")`."""
    parts = (name.split(":", 1) for name in names)
    return subject_pb2.Subject(
        identities=[subject_pb2.Identity(namespace=namespace, value=value) for namespace, value in parts]
    )


def typed(value: bool | int | float | str) -> value_pb2.TypedValue:
    kinds = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}
    message = value_pb2.TypedValue()
    setattr(message, kinds[type(value)], value)
    return message


def event(who: str, kind: str = "cart_add") -> event_pb2.Event:
    return event_pb2.Event(event_id=fresh("event"), subject=subject(who), type=kind)


class TandemClient:
    """Short ways to say the usual things; every one is one call."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._channels = {name: grpc.insecure_channel(address) for name, address in addresses.items()}
        self.orchestrator: Any = OrchestratorServiceStub(self._channels["orchestrator"])  # type: ignore[no-untyped-call]
        self.profile: Any = ProfileServiceStub(self._channels["profile"])  # type: ignore[no-untyped-call]

    def close(self) -> None:
        for channel in self._channels.values():
            channel.close()

    def channel(self, service: str) -> grpc.Channel:
        return self._channels[service]

    def publish(self, changes: Mapping[str, bytes] | None = None) -> orchestrator_pb.PublishPolicyResponse:
        files = policy_files() | dict(changes or {})
        request = orchestrator_pb.PublishPolicyRequest(request_id=fresh("publish"), files=files)
        response: orchestrator_pb.PublishPolicyResponse = self.orchestrator.PublishPolicy(request, timeout=TIMEOUT_S)
        return response

    def upsert(self, who: str, **traits: bool | int | float | str) -> profile_pb.UpsertTraitsResponse:
        written = [trait_pb2.Trait(name=name, value=typed(value)) for name, value in traits.items()]
        request = profile_pb.UpsertTraitsRequest(request_id=fresh("traits"), subject=subject(who), traits=written)
        response: profile_pb.UpsertTraitsResponse = self.profile.UpsertTraits(request, timeout=TIMEOUT_S)
        return response

    def consent(self, who: str, status: str, channel: str = "email") -> profile_pb.SetConsentResponse:
        statement = consent_pb2.Consent(purpose="marketing", channel=channel, status=f"CONSENT_STATUS_{status}")
        request = profile_pb.SetConsentRequest(request_id=fresh("consent"), subject=subject(who), consent=statement)
        response: profile_pb.SetConsentResponse = self.profile.SetConsent(request, timeout=TIMEOUT_S)
        return response

    def decide(self, request: decision_pb2.DecideRequest) -> decision_pb2.DecideResponse:
        response: decision_pb2.DecideResponse = self.orchestrator.Decide(request, timeout=TIMEOUT_S)
        return response

    def capture(self, *items: outcome_pb2.OutcomeItem) -> orchestrator_pb.CaptureOutcomesResponse:
        request = orchestrator_pb.CaptureOutcomesRequest(request_id=fresh("capture"), items=items)
        response: orchestrator_pb.CaptureOutcomesResponse = self.orchestrator.CaptureOutcomes(
            request, timeout=TIMEOUT_S
        )
        return response

    def get(self, decision_id: str) -> orchestrator_pb.GetDecisionResponse:
        request = orchestrator_pb.GetDecisionRequest(decision_id=decision_id)
        response: orchestrator_pb.GetDecisionResponse = self.orchestrator.GetDecision(request, timeout=TIMEOUT_S)
        return response


def inbound(who: str | None, *placement_ids: str, **fields: Any) -> decision_pb2.DecideRequest:
    """With everything explained."""
    return decision_pb2.DecideRequest(
        request_id=fresh("decide"),
        subject=subject(who) if who else None,
        direction="DIRECTION_INBOUND",
        placements=[decision_pb2.Placement(placement_id=each) for each in placement_ids or ("home_hero",)],
        explain=stage_pb2.EXPLAIN_FULL,
        **fields,
    )


def outbound(who: str | None, *channels: str, **fields: Any) -> decision_pb2.DecideRequest:
    return decision_pb2.DecideRequest(
        request_id=fresh("decide"),
        subject=subject(who) if who else None,
        direction="DIRECTION_OUTBOUND",
        channels=channels,
        explain=stage_pb2.EXPLAIN_FULL,
        **fields,
    )


def outcome(proposition_id: str, kind: str = "CLICKED") -> outcome_pb2.OutcomeItem:
    return outcome_pb2.OutcomeItem(
        idempotency_key=fresh("outcome"), proposition_id=proposition_id, outcome=f"OUTCOME_{kind}"
    )


def proposed(response: decision_pb2.DecideResponse) -> list[list[str]]:
    """The actions of each placement."""
    return [[item.action for item in result.propositions.items] for result in response.placement_results]


def only(response: decision_pb2.DecideResponse) -> decision_pb2.PlacementResult:
    """The result of a request with one place."""
    (result,) = response.placement_results
    return result
