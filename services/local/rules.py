"""The rules service in the same process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.local.rule_sets import finding_of, rule_set_of
from services.orchestrator.app.ports import DropReason, PolicyQuestion, PolicyVerdict
from services.orchestrator.domain import policy_parts as parts
from services.orchestrator.domain.explanation import AttributeChange, FailedTest, SmallestChange
from services.rules.app.application import RulesApplication
from services.rules.app.requests import BatchQuery, EvaluationQuery, PublishRuleSet
from services.rules.domain.evaluation import DroppedAction, Evaluation, Explain
from services.rules.domain.why import change as why
from shared.clock import Clock
from shared.deadline import until
from shared.errors import TandemError


class LocalRules:
    """Implements RuleEvaluator, ManyVerdicts and RuleSetPublisher."""

    def __init__(self, app: RulesApplication, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        query = EvaluationQuery(
            question.rule_set_version,
            question.attributes,
            question.evaluation_time_ms,
            Explain(int(question.explain)),
            question.explain_actions,
            with_segments=question.with_segments,
        )
        async with until(deadline_ms, self._clock):
            answer = await self._app.evaluate(query)
        return _verdict(answer.evaluation, question)

    async def evaluate_many(
        self, questions: Sequence[PolicyQuestion], *, deadline_ms: int
    ) -> Sequence[PolicyVerdict | TandemError]:
        first = questions[0]
        query = BatchQuery(
            first.rule_set_version,
            [question.attributes for question in questions],
            first.evaluation_time_ms,
            Explain(int(first.explain)),
            with_segments=first.with_segments,
        )
        async with until(deadline_ms, self._clock):
            answer = await self._app.evaluate_batch(query)
        return [each if isinstance(each, TandemError) else _verdict(each, first) for each in answer.outcomes]

    async def validate_rule_set(self, rule_set: parts.RuleSetPart) -> tuple[parts.Finding, ...]:
        return tuple(finding_of(each) for each in await self._app.validate_rule_set(rule_set_of(rule_set)))

    async def publish_rule_set(self, request_id: str, rule_set: parts.RuleSetPart) -> str:
        return (await self._app.publish_rule_set(PublishRuleSet(request_id, rule_set_of(rule_set)))).version

    async def activate_triggers(self, request_id: str, rule_set_version: str) -> None:
        await self._app.activate_triggers(request_id, rule_set_version)


def _verdict(evaluation: Evaluation, question: PolicyQuestion) -> PolicyVerdict:
    """The engine's indices are the catalogue's: both count the rule set's ACTION scopes."""
    version = question.rule_set_version
    return PolicyVerdict(
        evaluation.eligible.astype(np.int32),
        evaluation.numbers,
        {int(stage): count for stage, count in evaluation.dropped_by_stage.items()},
        tuple(_reason(each, question.action_index[each.action], version) for each in evaluation.dropped),
        evaluation.segments,
        evaluation.dropped_treatments,
    )


def _reason(dropped: DroppedAction, action: int, version: str) -> DropReason:
    return DropReason(
        action,
        int(dropped.stage),
        dropped.rule_id,
        version,
        dropped.attribute,
        dropped.observed,
        dropped.status,
        dropped.threshold,
        dropped.treatment,
        tuple(FailedTest(each.attribute, each.observed, each.status, each.threshold) for each in dropped.failed),
        None if dropped.smallest_change is None else _smallest_change(dropped.smallest_change),
    )


def _smallest_change(change: why.SmallestChange) -> SmallestChange:
    reason = change.none_because
    return SmallestChange(
        tuple(
            AttributeChange(each.attribute, each.observed.value, each.observed.status, each.needed)
            for each in change.changes
        ),
        "" if reason is None else reason.value,
        change.smaller_not_ruled_out,
    )
