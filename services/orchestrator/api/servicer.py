"""tandem.orchestrator.v1.OrchestratorService: translates, calls, translates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from tandem.orchestrator.v1 import (
    attribution_pb2,
    batch_pb2,
    conversion_pb2,
    decision_list_pb2,
    decision_pb2,
    performance_pb2,
    policy_diff_pb2,
    policy_lifecycle_pb2,
    pressure_pb2,
    replay_pb2,
    volume_pb2,
    why_not_pb2,
)
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

from services.orchestrator.api.mapping import (
    answer,
    attribution,
    batches,
    conversions,
    decision_list,
    decisions,
    fields,
    outcomes,
    performance,
    policies,
    policy_diff,
    pressure,
    replay,
    request,
    volume,
    why_not,
)
from services.orchestrator.app.application import OrchestratorApplication
from shared.rpc.context import CallContext
from shared.rpc.interceptors.required import each_checked
from shared.rpc.server import ServiceBinding


def bind(app: OrchestratorApplication, check: Callable[[], Awaitable[None]]) -> ServiceBinding:
    """What a server serves; `check` raises where the store does not answer."""
    return ServiceBinding(pb.DESCRIPTOR.services_by_name["OrchestratorService"], OrchestratorServicer(app), check)


class OrchestratorServicer:
    def __init__(self, app: OrchestratorApplication) -> None:
        self._app = app

    async def Decide(self, message: decision_pb2.DecideRequest, context: CallContext) -> decision_pb2.DecideResponse:
        return answer.response_of(await self._app.decide(request.command_from(message), context.deadline_ms))

    @each_checked
    async def BatchDecide(
        self, message: batch_pb2.BatchDecideRequest, context: CallContext
    ) -> batch_pb2.BatchDecideResponse:
        outcomes = await self._app.decide_batch(batches.items_from(message), context.deadline_ms)
        return batches.batch_response(outcomes)

    @each_checked
    async def StreamDecide(
        self, messages: AsyncIterator[batch_pb2.StreamDecideRequest], context: CallContext
    ) -> AsyncIterator[batch_pb2.StreamDecideResponse]:
        items = ((message.request.request_id, batches.item_from(message.request)) async for message in messages)
        async with aclosing(items), aclosing(self._app.decide_stream(items, context.deadline_ms)) as outcomes:
            async for request_id, outcome in outcomes:
                yield batches.stream_response(request_id, outcome)

    async def CaptureOutcomes(self, message: pb.CaptureOutcomesRequest, _: CallContext) -> pb.CaptureOutcomesResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        return outcomes.response_of(await self._app.capture_outcomes(request_id, outcomes.items_from(message)))

    async def RecordConversions(
        self, message: conversion_pb2.RecordConversionsRequest, _: CallContext
    ) -> conversion_pb2.RecordConversionsResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        recorded = await self._app.record_conversions(request_id, conversions.conversions_from(message))
        return conversions.conversions_response(recorded)

    async def RecordTouches(
        self, message: conversion_pb2.RecordTouchesRequest, _: CallContext
    ) -> conversion_pb2.RecordTouchesResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        return conversions.touches_response(
            await self._app.record_touches(request_id, conversions.touches_from(message))
        )

    async def GetAttribution(
        self, message: attribution_pb2.GetAttributionRequest, _: CallContext
    ) -> attribution_pb2.GetAttributionResponse:
        question = attribution.question_from(message)
        return attribution.attribution_response(await self._app.get_attribution(question))

    async def GetPerformance(
        self, message: performance_pb2.GetPerformanceRequest, _: CallContext
    ) -> performance_pb2.GetPerformanceResponse:
        question = performance.question_from(message)
        return performance.performance_response(await self._app.get_performance(question))

    async def ExportSubjectData(
        self, message: pb.ExportSubjectDataRequest, _: CallContext
    ) -> AsyncIterator[pb.ExportSubjectDataResponse]:
        async with aclosing(self._app.export_subject_data(fields.profile_ids(message.profile_ids))) as recorded:
            async for decision in recorded:
                yield pb.ExportSubjectDataResponse(lines=[decisions.exported_line(decision)])
        async with aclosing(self._app.export_told(fields.profile_ids(message.profile_ids))) as told:
            async for each in told:
                yield pb.ExportSubjectDataResponse(lines=conversions.exported_lines([each]))

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
        person = decisions.person_from(message)
        decision_id = fields.short_text(message.decision_id, "decision_id")
        if person:
            decision_id = await self._app.last_decision(person, fields.time_ms(message, "time"))
        return decisions.explained_response(await self._app.explain_decision(decision_id, message.actions))

    async def ReplayDecision(
        self, message: replay_pb2.ReplayDecisionRequest, _: CallContext
    ) -> replay_pb2.ReplayDecisionResponse:
        decision_id = fields.identifier(message.decision_id, "decision_id")
        return replay.replayed_response(await self._app.replay_decision(decision_id, rescore=message.rescore))

    async def ListDecisions(
        self, message: decision_list_pb2.ListDecisionsRequest, _: CallContext
    ) -> decision_list_pb2.ListDecisionsResponse:
        query = decision_list.query_from(message)
        limit, after = decision_list.page_from(message, query)
        return decision_list.page_to(await self._app.list_decisions(query, limit, after), query)

    async def SampleDecisions(
        self, message: decision_list_pb2.SampleDecisionsRequest, _: CallContext
    ) -> decision_list_pb2.SampleDecisionsResponse:
        sample = await self._app.sample_decisions(decision_list.sample_size(message.count), message.seed)
        return decision_list_pb2.SampleDecisionsResponse(decisions=decision_list.summaries_to(sample))

    async def WhyNot(self, message: why_not_pb2.WhyNotRequest, _: CallContext) -> why_not_pb2.WhyNotResponse:
        return why_not.why_not_response(await self._app.why_not(why_not.question_from(message)))

    async def GetVolume(self, message: volume_pb2.GetVolumeRequest, _: CallContext) -> volume_pb2.GetVolumeResponse:
        report = await self._app.get_volume(volume.names_from(message))
        return volume.response_of(report.resources, report.currency)

    async def GetPressure(
        self, _: pressure_pb2.GetPressureRequest, __: CallContext
    ) -> pressure_pb2.GetPressureResponse:
        return pressure.response_of(await self._app.get_pressure())

    async def PublishPolicy(self, message: pb.PublishPolicyRequest, _: CallContext) -> pb.PublishPolicyResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        author = fields.short_text(message.author, "author")
        return policies.published_response(await self._app.publish_policy(request_id, dict(message.files), author))

    async def ValidatePolicy(self, message: pb.ValidatePolicyRequest, _: CallContext) -> pb.ValidatePolicyResponse:
        return policies.validated_response(await self._app.validate_policy(dict(message.files)))

    async def ActivatePolicy(self, message: pb.ActivatePolicyRequest, _: CallContext) -> pb.ActivatePolicyResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        version = fields.identifier(message.policy_version, "policy_version")
        actor = fields.short_text(message.actor, "actor")
        return pb.ActivatePolicyResponse(
            policy=policies.policy_to(await self._app.activate_policy(request_id, version, actor))
        )

    async def ApprovePolicy(
        self, message: policy_lifecycle_pb2.ApprovePolicyRequest, _: CallContext
    ) -> policy_lifecycle_pb2.ApprovePolicyResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        version = fields.identifier(message.policy_version, "policy_version")
        approver = policies.person(message.approver, "approver")
        approved = await self._app.approve_policy(request_id, version, approver)
        return policy_lifecycle_pb2.ApprovePolicyResponse(policy=policies.policy_to(approved))

    async def RollBackPolicy(
        self, message: policy_lifecycle_pb2.RollBackPolicyRequest, _: CallContext
    ) -> policy_lifecycle_pb2.RollBackPolicyResponse:
        request_id = fields.identifier(message.request_id, "request_id")
        version = fields.short_text(message.policy_version, "policy_version")
        back = await self._app.roll_back_policy(request_id, version, fields.short_text(message.actor, "actor"))
        return policy_lifecycle_pb2.RollBackPolicyResponse(policy=policies.policy_to(back))

    async def SimulatePolicy(
        self, message: policy_diff_pb2.SimulatePolicyRequest, _: CallContext
    ) -> policy_diff_pb2.SimulatePolicyResponse:
        question = policy_diff.simulate_question(message)
        return policy_diff.simulate_response(await self._app.simulate_policy(question))

    async def DiffPolicies(
        self, message: policy_diff_pb2.DiffPoliciesRequest, _: CallContext
    ) -> policy_diff_pb2.DiffPoliciesResponse:
        return policy_diff.diff_response(await self._app.diff_policies(policy_diff.diff_question(message)))

    async def GetPolicy(
        self, message: policy_lifecycle_pb2.GetPolicyRequest, _: CallContext
    ) -> policy_lifecycle_pb2.GetPolicyResponse:
        version = fields.short_text(message.policy_version, "policy_version")
        return policies.stored_response(await self._app.get_policy(version), with_files=message.with_files)

    async def ListPolicies(
        self, message: policy_lifecycle_pb2.ListPoliciesRequest, _: CallContext
    ) -> policy_lifecycle_pb2.ListPoliciesResponse:
        return policies.page_to(await self._app.list_policies(*policies.page_from(message)))
