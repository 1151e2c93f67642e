"""tandem.rules.v1.RulesService: translates, calls, translates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from tandem.rules.v1 import rules_service_pb2 as pb

from services.rules.api.batches import batch_from, batch_to
from services.rules.api.evaluations import query_from, response_to, segments_query_from
from services.rules.api.observations import observe_from, observed_to
from services.rules.api.published import page_to, published_to
from services.rules.api.rule_sets import finding_to, rule_set_from
from services.rules.app.application import RulesApplication
from services.rules.app.requests import PublishRuleSet
from shared.rpc.context import CallContext
from shared.rpc.server import ServiceBinding


def bind(app: RulesApplication, check: Callable[[], Awaitable[None]]) -> ServiceBinding:
    """What a server serves; `check` raises where the store does not answer."""
    return ServiceBinding(pb.DESCRIPTOR.services_by_name["RulesService"], RulesServicer(app), check)


class RulesServicer:
    def __init__(self, app: RulesApplication) -> None:
        self._app = app

    async def PublishRuleSet(self, request: pb.PublishRuleSetRequest, _: CallContext) -> pb.PublishRuleSetResponse:
        rule_set = await asyncio.to_thread(rule_set_from, request.rule_set, "rule_set")
        published = await self._app.publish_rule_set(PublishRuleSet(request.request_id, rule_set))
        return pb.PublishRuleSetResponse(
            rule_set_version=published.version, findings=[finding_to(each) for each in published.findings]
        )

    async def ValidateRuleSet(self, request: pb.ValidateRuleSetRequest, _: CallContext) -> pb.ValidateRuleSetResponse:
        rule_set = await asyncio.to_thread(rule_set_from, request.rule_set, "rule_set")
        findings = await self._app.validate_rule_set(rule_set)
        return pb.ValidateRuleSetResponse(findings=[finding_to(each) for each in findings])

    async def EvaluateEngagementPolicy(
        self, request: pb.EvaluateEngagementPolicyRequest, _: CallContext
    ) -> pb.EvaluateEngagementPolicyResponse:
        answer = await self._app.evaluate(query_from(request))
        has_reasons = bool(answer.evaluation.dropped)
        return await asyncio.to_thread(response_to, answer) if has_reasons else response_to(answer)

    async def BatchEvaluateEngagementPolicy(
        self, request: pb.BatchEvaluateEngagementPolicyRequest, _: CallContext
    ) -> pb.BatchEvaluateEngagementPolicyResponse:
        query = await asyncio.to_thread(batch_from, request)
        answer = await self._app.evaluate_batch(query)
        return await asyncio.to_thread(batch_to, answer)

    async def EvaluateSegments(
        self, request: pb.EvaluateSegmentsRequest, _: CallContext
    ) -> pb.EvaluateSegmentsResponse:
        return pb.EvaluateSegmentsResponse(segments=await self._app.evaluate_segments(segments_query_from(request)))

    async def GetRuleSet(self, request: pb.GetRuleSetRequest, _: CallContext) -> pb.GetRuleSetResponse:
        published = await self._app.get_rule_set(request.rule_set_version)
        return await asyncio.to_thread(published_to, published)

    async def ListRuleSets(self, request: pb.ListRuleSetsRequest, _: CallContext) -> pb.ListRuleSetsResponse:
        return page_to(await self._app.list_rule_sets(request.page_size, request.page_token))

    async def ActivateTriggers(
        self, request: pb.ActivateTriggersRequest, _: CallContext
    ) -> pb.ActivateTriggersResponse:
        await self._app.activate_triggers(request.request_id, request.rule_set_version)
        return pb.ActivateTriggersResponse()

    async def ObserveEvents(
        self, request: pb.ObserveEventsRequest, _: CallContext
    ) -> AsyncIterator[pb.ObserveEventsResponse]:
        async with aclosing(self._app.observe_events(observe_from(request))) as pages:
            async for page in pages:
                yield observed_to(page)
