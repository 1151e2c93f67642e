"""EvaluateEngagementPolicy: all actions for one subject."""

from __future__ import annotations

import asyncio

from services.rules.app.compiled_policies import CompiledPolicies
from services.rules.app.requests import EvaluationQuery, PolicyEvaluation
from shared.clock import Clock


async def evaluate(policies: CompiledPolicies, clock: Clock, query: EvaluationQuery) -> PolicyEvaluation:
    """Raises NotFound (RULE_SET_NOT_FOUND), InvalidArgument for a value of the wrong type, ResourceExhausted."""
    policy = await policies.get(query.version)
    now_ms = clock() if query.evaluation_time_ms is None else query.evaluation_time_ms
    if policy.is_quick(query.explain):
        evaluation = policy.evaluate(query.attributes, now_ms, query.explain)
    else:
        evaluation = await asyncio.to_thread(policy.evaluate, query.attributes, now_ms, query.explain)
    return PolicyEvaluation(query.version, evaluation)
