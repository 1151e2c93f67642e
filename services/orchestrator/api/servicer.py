"""tandem.orchestrator.v1.OrchestratorService: translates, calls, translates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from tandem.orchestrator.v1 import decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

from services.orchestrator.api.mapping import answer, decisions, fields, outcomes, policies, request
from services.orchestrator.app.application import OrchestratorApplication
from shared.rpc.context import CallContext
from shared.rpc.server import ServiceBinding


def bind(app: OrchestratorApplication, check: Callable[[], Awaitable[None]]) -> ServiceBinding:
    """What a server serves; `check` raises where the store does not answer."""
    return ServiceBinding(pb.DESCRIPTOR.services_by_name["OrchestratorService"], OrchestratorServicer(app), check)


class OrchestratorServicer:
    def __init__(self, app: OrchestratorApplication) -> None:
        self._app = app

    async def Decide(self, message: decision_pb2.DecideRequest, context: CallContext) -> decision_pb2.DecideResponse:
        return answer.response_of(await self._app.decide(request.command_from(message), context.deadline_ms))

    async def CaptureOutcomes(self, message: pb.CaptureOutcomesRequest, _: CallContext) -> pb.CaptureOutcomesResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        return outcomes.response_of(await self._app.capture_outcomes(request_id, outcomes.items_from(message)))

    async def ExportSubjectData(
        self, message: pb.ExportSubjectDataRequest, _: CallContext
    ) -> AsyncIterator[pb.ExportSubjectDataResponse]:
        async with aclosing(self._app.export_subject_data(fields.profile_ids(message.profile_ids))) as recorded:
            async for decision in recorded:
                yield pb.ExportSubjectDataResponse(lines=[decisions.exported_line(decision)])

    async def EraseSubjectData(
        self, message: pb.EraseSubjectDataRequest, _: CallContext
    ) -> pb.EraseSubjectDataResponse:
        fields.identifier(message.request_id, "request_id")
        erased = await self._app.erase_subject_data(fields.profile_ids(message.profile_ids))
        return pb.EraseSubjectDataResponse(erased_count=len(erased))

    async def GetDecision(self, message: pb.GetDecisionRequest, _: CallContext) -> pb.GetDecisionResponse:
        decision_id = fields.identifier(message.decision_id, "decision_id")
        return decisions.recorded_response(await self._app.get_decision(decision_id))

    async def ExplainDecision(self, message: pb.ExplainDecisionRequest, _: CallContext) -> pb.ExplainDecisionResponse:
        decision_id = fields.identifier(message.decision_id, "decision_id")
        return decisions.explained_response(await self._app.explain_decision(decision_id))

    async def PublishPolicy(self, message: pb.PublishPolicyRequest, _: CallContext) -> pb.PublishPolicyResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        return policies.published_response(await self._app.publish_policy(request_id, dict(message.files)))

    async def ValidatePolicy(self, message: pb.ValidatePolicyRequest, _: CallContext) -> pb.ValidatePolicyResponse:
        return policies.validated_response(await self._app.validate_policy(dict(message.files)))

    async def ActivatePolicy(self, message: pb.ActivatePolicyRequest, _: CallContext) -> pb.ActivatePolicyResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        version = fields.identifier(message.policy_version, "policy_version")
        return policies.activated_response(await self._app.activate_policy(request_id, version))
