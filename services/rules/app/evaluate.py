"""EvaluateEngagementPolicy, its batch, and EvaluateSegments."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.rules.app.compiled_policies import CompiledPolicies
from services.rules.app.matched_evaluation import MatchedEvaluation
from services.rules.app.requests import BatchEvaluation, BatchQuery, EvaluationQuery, PolicyEvaluation
from services.rules.domain.evaluation import EngagementPolicy, Evaluation, Explain
from services.rules.domain.matched.policy import MatchedPolicy
from shared.clock import Clock
from shared.errors import InvalidArgument, TandemError
from shared.values import Feature

MAX_SUBJECTS = 1_000
_FEW_SUBJECTS = 4
"""As many as may be evaluated on the event loop."""


async def evaluate(
    policies: CompiledPolicies, matched: MatchedEvaluation, clock: Clock, query: EvaluationQuery
) -> PolicyEvaluation:
    """Raises NotFound (RULE_SET_NOT_FOUND), InvalidArgument for a value of the wrong type, ResourceExhausted."""
    policy = await policies.get(query.version)
    now_ms = clock() if query.evaluation_time_ms is None else query.evaluation_time_ms
    asked = query.attributes, now_ms, query.explain, query.explain_actions
    if isinstance(policy, MatchedPolicy):
        evaluation = await matched.evaluate(policy, *asked)
    elif policy.is_quick(query.explain):
        evaluation = policy.evaluate(*asked)
    else:
        evaluation = await asyncio.to_thread(policy.evaluate, *asked)
    if query.with_segments and query.explain is not Explain.FULL:
        evaluation = replace(evaluation, segments=await _segments(policy, query.attributes, now_ms))
    return PolicyEvaluation(query.version, evaluation)


async def evaluate_batch(
    policies: CompiledPolicies, matched: MatchedEvaluation, clock: Clock, query: BatchQuery
) -> BatchEvaluation:
    """Raises NotFound (RULE_SET_NOT_FOUND), InvalidArgument for too many subjects; everything else is per subject."""
    if len(query.subjects) > MAX_SUBJECTS:
        raise InvalidArgument.field("subjects", f"has {len(query.subjects)} elements; {MAX_SUBJECTS} are allowed")
    policy = await policies.get(query.version)
    now_ms = clock() if query.evaluation_time_ms is None else query.evaluation_time_ms
    readable = [subject for subject in query.subjects if not isinstance(subject, TandemError)]
    if isinstance(policy, MatchedPolicy):
        evaluated = await matched.evaluate_batch(policy, readable, now_ms, query.explain)
    elif len(readable) <= _FEW_SUBJECTS and policy.is_quick(query.explain):
        evaluated = policy.evaluate_batch(readable, now_ms, query.explain)
    else:
        evaluated = await asyncio.to_thread(policy.evaluate_batch, readable, now_ms, query.explain)
    if query.with_segments and query.explain is not Explain.FULL:
        evaluated = await asyncio.to_thread(_each_with_segments, policy, readable, evaluated, now_ms)
    answers = iter(evaluated)
    outcomes = [subject if isinstance(subject, TandemError) else next(answers) for subject in query.subjects]
    return BatchEvaluation(query.version, outcomes)


async def evaluate_segments(policies: CompiledPolicies, clock: Clock, query: EvaluationQuery) -> tuple[str, ...]:
    """Raises as `evaluate`."""
    policy = await policies.get(query.version)
    now_ms = clock() if query.evaluation_time_ms is None else query.evaluation_time_ms
    return await _segments(policy, query.attributes, now_ms)


async def _segments(policy: EngagementPolicy, facts: Mapping[str, Feature], now_ms: int) -> tuple[str, ...]:
    if policy.is_quick(Explain.NONE):
        return policy.segments_of(facts, now_ms)
    return await asyncio.to_thread(policy.segments_of, facts, now_ms)


def _each_with_segments(
    policy: EngagementPolicy,
    subjects: Sequence[Mapping[str, Feature]],
    outcomes: Sequence[Evaluation | TandemError],
    now_ms: int,
) -> list[Evaluation | TandemError]:
    return [
        outcome if isinstance(outcome, TandemError) else _with_segments(policy, facts, outcome, now_ms)
        for facts, outcome in zip(subjects, outcomes, strict=True)
    ]


def _with_segments(
    policy: EngagementPolicy, facts: Mapping[str, Feature], evaluation: Evaluation, now_ms: int
) -> Evaluation | TandemError:
    try:
        return replace(evaluation, segments=policy.segments_of(facts, now_ms))
    except TandemError as error:
        return error
