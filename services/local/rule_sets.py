"""The rule set of a policy as the rules service in the same process takes it, and its findings on the way back."""

from __future__ import annotations

import asyncio

from services.local.triggers import position_of, trigger_of
from services.orchestrator.domain import policy_parts as parts
from services.rules.domain import rule_set as rules
from services.rules.domain import written
from services.rules.domain.evaluation import RuleEngine
from shared.cel.problems import Severity


class LocalRuleSetChecker:
    """Implements RuleSetChecker without a store."""

    def __init__(self, engine: RuleEngine) -> None:
        self._engine = engine

    async def validate_rule_set(self, rule_set: parts.RuleSetPart) -> tuple[parts.Finding, ...]:
        found = await asyncio.to_thread(self._engine.check, rule_set_of(rule_set))
        return tuple(finding_of(each) for each in found)


def finding_of(finding: rules.Finding) -> parts.Finding:
    position = finding.position
    return parts.Finding(
        parts.Place(position.file, position.line, position.column),
        finding.code,
        finding.message,
        finding.severity is Severity.ERROR,
    )


def rule_set_of(rule_set: parts.RuleSetPart) -> rules.RuleSet:
    return rules.RuleSet(
        tuple(
            rules.AttributeDeclaration(each.name, each.type, each.allowed, each.immutable)
            for each in rule_set.attributes
        ),
        tuple(_segment(segment) for segment in rule_set.segments),
        tuple(_scope(scope) for scope in rule_set.scopes),
        rules.EngineKind[rule_set.engine],
        tuple(rules.EventTypeDeclaration(each.type, each.properties) for each in rule_set.event_types),
        tuple(trigger_of(trigger) for trigger in rule_set.triggers),
    )


def _segment(segment: parts.SegmentPart) -> rules.Segment:
    unknown = segment.on_unknown
    return rules.Segment(
        segment.segment_id,
        segment.when,
        written.OnUnknown[unknown.kind],
        unknown.default,
        position_of(segment.place),
    )


def _scope(scope: parts.ScopePart) -> rules.Scope:
    return rules.Scope(
        rules.ScopeLevel[scope.level],
        scope.scope_id,
        scope.parent_id,
        tuple(_rule(rule) for rule in scope.rules),
        tuple(rules.NumberExpression(each.name, each.expression, position_of(each.place)) for each in scope.numbers),
        scope.attributes,
        scope.channel,
    )


def _rule(rule: parts.RulePart) -> rules.Rule:
    unknown = rule.on_unknown
    return rules.Rule(
        rule.rule_id,
        rules.Stage[rule.stage],
        rule.when,
        written.OnUnknown[unknown.kind],
        unknown.default,
        position_of(rule.place),
    )
