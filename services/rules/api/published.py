"""Published rule sets to the wire."""

from __future__ import annotations

from tandem.rules.v1 import condition_pb2, rules_service_pb2
from tandem.rules.v1 import rule_set_pb2 as pb

from services.rules.api.published_triggers import trigger_to
from services.rules.app.requests import PublishedRuleSet, RuleSetPage
from services.rules.domain.rule_set import AttributeDeclaration, Rule, RuleSet, Scope, Segment
from services.rules.domain.written import SourcePosition
from shared.rpc.values import timestamp_proto, value_to_proto


def published_to(published: PublishedRuleSet) -> rules_service_pb2.GetRuleSetResponse:
    return rules_service_pb2.GetRuleSetResponse(
        rule_set=rule_set_to(published.rule_set), published_time=timestamp_proto(published.published_ms)
    )


def page_to(page: RuleSetPage) -> rules_service_pb2.ListRuleSetsResponse:
    entry = rules_service_pb2.ListRuleSetsResponse.Entry
    return rules_service_pb2.ListRuleSetsResponse(
        rule_sets=[
            entry(
                rule_set_version=each.version,
                published_time=timestamp_proto(each.published_ms),
                actions=each.actions,
                triggers=each.triggers,
                triggers_active=each.version == page.active_version,
            )
            for each in page.entries
        ],
        next_page_token=page.next_token,
    )


def rule_set_to(rule_set: RuleSet) -> pb.RuleSet:
    return pb.RuleSet(
        attributes=[_attribute(each) for each in rule_set.attributes],
        segments=[_segment(each) for each in rule_set.segments],
        scopes=[_scope(each) for each in rule_set.scopes],
        engine=int(rule_set.engine),  # type: ignore[arg-type]
        event_types=[
            pb.EventTypeDeclaration(
                type=each.type,
                properties={name: int(kind) for name, kind in each.properties.items()},  # type: ignore[misc]
            )
            for each in rule_set.event_types
        ],
        triggers=[trigger_to(each) for each in rule_set.triggers],
    )


def position_to(position: SourcePosition) -> condition_pb2.SourcePosition:
    return condition_pb2.SourcePosition(file=position.file, line=position.line, column=position.column)


def _attribute(attribute: AttributeDeclaration) -> pb.AttributeDeclaration:
    return pb.AttributeDeclaration(
        name=attribute.name,
        type=int(attribute.type),  # type: ignore[arg-type]
        allowed=[value_to_proto(each) for each in attribute.allowed],
        immutable=attribute.immutable,
    )


def _segment(segment: Segment) -> pb.Segment:
    message = pb.Segment(
        segment_id=segment.segment_id,
        when=segment.when,
        on_unknown=int(segment.on_unknown),  # type: ignore[arg-type]
        position=position_to(segment.position),
    )
    if segment.default_value is not None:
        message.default_value.CopyFrom(value_to_proto(segment.default_value))
    return message


def _scope(scope: Scope) -> pb.Scope:
    return pb.Scope(
        level=int(scope.level),  # type: ignore[arg-type]
        scope_id=scope.scope_id,
        parent_id=scope.parent_id,
        rules=[_rule(each) for each in scope.rules],
        numbers=[
            pb.NumberExpression(name=each.name, expression=each.expression, position=position_to(each.position))
            for each in scope.numbers
        ],
        attributes={name: value_to_proto(value) for name, value in scope.attributes.items()},
        channel=scope.channel,
    )


def _rule(rule: Rule) -> pb.Rule:
    message = pb.Rule(
        rule_id=rule.rule_id,
        stage=int(rule.stage),  # type: ignore[arg-type]
        when=rule.when,
        on_unknown=int(rule.on_unknown),  # type: ignore[arg-type]
        position=position_to(rule.position),
    )
    if rule.default_value is not None:
        message.default_value.CopyFrom(value_to_proto(rule.default_value))
    return message
