"""Rule sets on the wire of the rules service."""

from __future__ import annotations

from tandem.rules.v1 import condition_pb2, rule_set_pb2

from services.orchestrator.domain.policy_parts import (
    AttributePart,
    NumberPart,
    OnUnknown,
    Place,
    RulePart,
    RuleSetPart,
    ScopePart,
    SegmentPart,
)
from shared.rpc.values import value_to_proto

_DEFAULT = "DEFAULT"


def rule_set_to(rule_set: RuleSetPart) -> rule_set_pb2.RuleSet:
    return rule_set_pb2.RuleSet(
        attributes=[_attribute(attribute) for attribute in rule_set.attributes],
        segments=[_segment(segment) for segment in rule_set.segments],
        scopes=[_scope(scope) for scope in rule_set.scopes],
    )


def place_from(position: condition_pb2.SourcePosition) -> Place:
    return Place(position.file, position.line, position.column)


def _place_to(place: Place) -> condition_pb2.SourcePosition:
    return condition_pb2.SourcePosition(file=place.file, line=place.line, column=place.column)


def _attribute(attribute: AttributePart) -> rule_set_pb2.AttributeDeclaration:
    return rule_set_pb2.AttributeDeclaration(
        name=attribute.name,
        type=int(attribute.type),  # type: ignore[arg-type]
        allowed=[value_to_proto(value) for value in attribute.allowed],
    )


def _segment(segment: SegmentPart) -> rule_set_pb2.Segment:
    message = rule_set_pb2.Segment(
        segment_id=segment.segment_id,
        when=segment.when,
        on_unknown=_on_unknown(segment.on_unknown),
        position=_place_to(segment.place),
    )
    if segment.on_unknown.kind == _DEFAULT:
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
    )


def _rule(rule: RulePart) -> rule_set_pb2.Rule:
    message = rule_set_pb2.Rule(
        rule_id=rule.rule_id,
        stage=f"DROP_STAGE_{rule.stage}",
        when=rule.when,
        on_unknown=_on_unknown(rule.on_unknown),
        position=_place_to(rule.place),
    )
    if rule.on_unknown.kind == _DEFAULT:
        message.default_value.CopyFrom(value_to_proto(rule.on_unknown.default))
    return message


def _number(number: NumberPart) -> rule_set_pb2.NumberExpression:
    return rule_set_pb2.NumberExpression(
        name=number.name, expression=number.expression, position=_place_to(number.place)
    )


def _on_unknown(on_unknown: OnUnknown) -> str:
    return f"ON_UNKNOWN_{on_unknown.kind}"
