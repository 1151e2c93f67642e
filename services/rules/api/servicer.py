"""tandem.rules.v1.RulesService: translates, calls, translates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from tandem.rules.v1 import rules_service_pb2 as pb

from services.rules.api.evaluations import query_from, response_to
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

    # temporary: replaced by their owners
    async def BatchEvaluateEngagementPolicy(
        self, request: pb.BatchEvaluateEngagementPolicyRequest, _: CallContext
    ) -> pb.BatchEvaluateEngagementPolicyResponse:
        raise NotImplementedError

    async def EvaluateSegments(
        self, request: pb.EvaluateSegmentsRequest, _: CallContext
    ) -> pb.EvaluateSegmentsResponse:
        raise NotImplementedError

    async def GetRuleSet(self, request: pb.GetRuleSetRequest, _: CallContext) -> pb.GetRuleSetResponse:
        raise NotImplementedError

    async def ListRuleSets(self, request: pb.ListRuleSetsRequest, _: CallContext) -> pb.ListRuleSetsResponse:
        raise NotImplementedError

    async def ActivateTriggers(
        self, request: pb.ActivateTriggersRequest, _: CallContext
    ) -> pb.ActivateTriggersResponse:
        raise NotImplementedError

    async def ObserveEvents(
        self, request: pb.ObserveEventsRequest, _: CallContext
    ) -> AsyncIterator[pb.ObserveEventsResponse]:
        raise NotImplementedError
        yield
