"""The rules service in the same process."""

from __future__ import annotations

import numpy as np

from services.local.deadline import until
from services.orchestrator.app.ports import DropReason, PolicyQuestion, PolicyVerdict
from services.orchestrator.domain import policy_parts as parts
from services.rules.app.application import RulesApplication
from services.rules.app.requests import EvaluationQuery, PublishRuleSet
from services.rules.domain import rule_set as rules
from services.rules.domain import written
from services.rules.domain.evaluation import DroppedAction, Evaluation, Explain
from shared.cel.problems import Severity
from shared.clock import Clock


class LocalRules:
    """Implements RuleEvaluator and RuleSetPublisher."""

    def __init__(self, app: RulesApplication, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        query = EvaluationQuery(
            question.rule_set_version,
            question.attributes,
            question.evaluation_time_ms,
            Explain.FULL if question.with_reasons else Explain.NONE,
        )
        async with until(deadline_ms, self._clock):
            answer = await self._app.evaluate(query)
        return _verdict(answer.evaluation, question)

    async def validate_rule_set(self, rule_set: parts.RuleSetPart) -> tuple[parts.Finding, ...]:
        return tuple(_finding(each) for each in await self._app.validate_rule_set(_rule_set(rule_set)))

    async def publish_rule_set(self, request_id: str, rule_set: parts.RuleSetPart) -> str:
        return (await self._app.publish_rule_set(PublishRuleSet(request_id, _rule_set(rule_set)))).version


def _verdict(evaluation: Evaluation, question: PolicyQuestion) -> PolicyVerdict:
    """The engine's indices are the catalogue's: both count the rule set's ACTION scopes."""
    version = question.rule_set_version
    return PolicyVerdict(
        evaluation.eligible.astype(np.int32),
        evaluation.numbers,
        {int(stage): count for stage, count in evaluation.dropped_by_stage.items()},
        tuple(_reason(each, question.action_index[each.action], version) for each in evaluation.dropped),
        evaluation.segments,
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
    )


def _finding(finding: rules.Finding) -> parts.Finding:
    position = finding.position
    return parts.Finding(
        parts.Place(position.file, position.line, position.column),
        finding.code,
        finding.message,
        finding.severity is Severity.ERROR,
    )


def _rule_set(rule_set: parts.RuleSetPart) -> rules.RuleSet:
    return rules.RuleSet(
        tuple(rules.AttributeDeclaration(each.name, each.type, each.allowed) for each in rule_set.attributes),
        tuple(_segment(segment) for segment in rule_set.segments),
        tuple(_scope(scope) for scope in rule_set.scopes),
    )


def _segment(segment: parts.SegmentPart) -> rules.Segment:
    unknown = segment.on_unknown
    return rules.Segment(
        segment.segment_id,
        segment.when,
        written.OnUnknown[unknown.kind],
        unknown.default,
        _position(segment.place),
    )


def _scope(scope: parts.ScopePart) -> rules.Scope:
    return rules.Scope(
        rules.ScopeLevel[scope.level],
        scope.scope_id,
        scope.parent_id,
        tuple(_rule(rule) for rule in scope.rules),
        tuple(rules.NumberExpression(each.name, each.expression, _position(each.place)) for each in scope.numbers),
        scope.attributes,
    )


def _rule(rule: parts.RulePart) -> rules.Rule:
    unknown = rule.on_unknown
    return rules.Rule(
        rule.rule_id,
        rules.Stage[rule.stage],
        rule.when,
        written.OnUnknown[unknown.kind],
        unknown.default,
        _position(rule.place),
    )


def _position(place: parts.Place) -> written.SourcePosition:
    return written.SourcePosition(place.file, place.line, place.column)
