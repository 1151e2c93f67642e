"""Rule sets on the wire of the rules service."""

from __future__ import annotations

from tandem.rules.v1 import condition_pb2, rule_set_pb2

from services.orchestrator.adapters.trigger_client import DEFAULT, on_unknown_to, place_to, trigger_to
from services.orchestrator.domain.policy_parts import (
    AttributePart,
    NumberPart,
    ObservedTypePart,
    Place,
    RulePart,
    RuleSetPart,
    ScopePart,
    SegmentPart,
)
from shared.rpc.values import value_to_proto


def rule_set_to(rule_set: RuleSetPart) -> rule_set_pb2.RuleSet:
    return rule_set_pb2.RuleSet(
        attributes=[_attribute(attribute) for attribute in rule_set.attributes],
        segments=[_segment(segment) for segment in rule_set.segments],
        scopes=[_scope(scope) for scope in rule_set.scopes],
        engine=f"ENGINE_{rule_set.engine}",
        event_types=[_event_type(each) for each in rule_set.event_types],
        triggers=[trigger_to(trigger) for trigger in rule_set.triggers],
    )


def place_from(position: condition_pb2.SourcePosition) -> Place:
    return Place(position.file, position.line, position.column)


def _attribute(attribute: AttributePart) -> rule_set_pb2.AttributeDeclaration:
    return rule_set_pb2.AttributeDeclaration(
        name=attribute.name,
        type=int(attribute.type),  # type: ignore[arg-type]
        allowed=[value_to_proto(value) for value in attribute.allowed],
        immutable=attribute.immutable,
    )


def _event_type(observed: ObservedTypePart) -> rule_set_pb2.EventTypeDeclaration:
    properties = {name: int(kind) for name, kind in observed.properties.items()}
    return rule_set_pb2.EventTypeDeclaration(type=observed.type, properties=properties)  # type: ignore[arg-type]


def _segment(segment: SegmentPart) -> rule_set_pb2.Segment:
    message = rule_set_pb2.Segment(
        segment_id=segment.segment_id,
        when=segment.when,
        on_unknown=on_unknown_to(segment.on_unknown),
        position=place_to(segment.place),
    )
    if segment.on_unknown.kind == DEFAULT:
        message.default_value.CopyFrom(value_to_proto(segment.on_unknown.default))
    return message


def _scope(scope: ScopePart) -> rule_set_pb2.Scope:
    return rule_set_pb2.Scope(
        level=f"SCOPE_LEVEL_{scope.level}",
        scope_id=scope.scope_id,
        parent_id=scope.parent_id,
        rules=[_rule(rule) for rule in scope.rules],
        numbers=[_number(number) for number in scope.numbers],
        attributes={name: value_to_proto(value) for name, value in scope.attributes.items()},
        channel=scope.channel,
    )


def _rule(rule: RulePart) -> rule_set_pb2.Rule:
    message = rule_set_pb2.Rule(
        rule_id=rule.rule_id,
        stage=f"DROP_STAGE_{rule.stage}",
        when=rule.when,
        on_unknown=on_unknown_to(rule.on_unknown),
        position=place_to(rule.place),
    )
    if rule.on_unknown.kind == DEFAULT:
        message.default_value.CopyFrom(value_to_proto(rule.on_unknown.default))
    return message


def _number(number: NumberPart) -> rule_set_pb2.NumberExpression:
    return rule_set_pb2.NumberExpression(
        name=number.name, expression=number.expression, position=place_to(number.place)
    )
