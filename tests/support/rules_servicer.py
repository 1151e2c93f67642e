"""A rules service that does what a test tells it: for tests of what surrounds a servicer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tandem.rules.v1 import rules_service_pb2

from shared.rpc.context import CallContext

RULES = rules_service_pb2.DESCRIPTOR.services_by_name["RulesService"]
EVALUATE = rules_service_pb2.EvaluateEngagementPolicyRequest(rule_set_version="r-1")
"""A valid request."""

Behaviour = Callable[[CallContext], Awaitable[None]]


async def nothing(_context: CallContext) -> None:
    """Succeeds at once."""


def raising(failure: Exception) -> Behaviour:
    async def raise_it(_context: CallContext) -> None:
        raise failure

    return raise_it


class RulesServicer:
    """Behaves, then answers EvaluateEngagementPolicy with the version it was asked for."""

    def __init__(self, behaviour: Behaviour = nothing) -> None:
        self._behaviour = behaviour

    async def PublishRuleSet(
        self, _request: rules_service_pb2.PublishRuleSetRequest, context: CallContext
    ) -> rules_service_pb2.PublishRuleSetResponse:
        await self._behaviour(context)
        return rules_service_pb2.PublishRuleSetResponse()

    async def ValidateRuleSet(
        self, _request: rules_service_pb2.ValidateRuleSetRequest, context: CallContext
    ) -> rules_service_pb2.ValidateRuleSetResponse:
        await self._behaviour(context)
        return rules_service_pb2.ValidateRuleSetResponse()

    async def EvaluateEngagementPolicy(
        self, request: rules_service_pb2.EvaluateEngagementPolicyRequest, context: CallContext
    ) -> rules_service_pb2.EvaluateEngagementPolicyResponse:
        await self._behaviour(context)
        return rules_service_pb2.EvaluateEngagementPolicyResponse(rule_set_version=request.rule_set_version)

    def __getattr__(self, name: str) -> Any:
        if name in RULES.methods_by_name:
            return nothing
        raise AttributeError(name)
