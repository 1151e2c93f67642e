"""Rule sets and findings between the wire and the domain."""

from __future__ import annotations

from tandem.common.v1 import value_pb2
from tandem.rules.v1 import condition_pb2
from tandem.rules.v1 import rule_set_pb2 as pb

from services.rules.api.conditions import default_value, enum, on_unknown, position_from
from services.rules.api.triggers import trigger_from
from services.rules.domain.rule_set import (
    AttributeDeclaration,
    EngineKind,
    EventTypeDeclaration,
    Finding,
    NumberExpression,
    Rule,
    RuleSet,
    Scope,
    ScopeLevel,
    Segment,
    Stage,
)
from shared.errors import InvalidArgument
from shared.rpc.values import value_from_proto
from shared.values import AttributeType, Value, conform


def rule_set_from(message: pb.RuleSet, path: str) -> RuleSet:
    """Raises InvalidArgument naming the field that is no value of its type."""
    return RuleSet(
        tuple(_attribute(each, f"{path}.attributes[{index}]") for index, each in enumerate(message.attributes)),
        tuple(_segment(each, f"{path}.segments[{index}]") for index, each in enumerate(message.segments)),
        tuple(_scope(each, f"{path}.scopes[{index}]") for index, each in enumerate(message.scopes)),
        enum(EngineKind, message.engine, f"{path}.engine") if message.engine else EngineKind.INDEXED,
        tuple(_event_type(each, f"{path}.event_types[{index}]") for index, each in enumerate(message.event_types)),
        tuple(trigger_from(each, f"{path}.triggers[{index}]") for index, each in enumerate(message.triggers)),
    )


def finding_to(finding: Finding) -> pb.Finding:
    position = finding.position
    return pb.Finding(
        position=condition_pb2.SourcePosition(file=position.file, line=position.line, column=position.column),
        code=finding.code,
        message=finding.message,
        severity=int(finding.severity),  # type: ignore[arg-type]
    )


def _attribute(message: pb.AttributeDeclaration, path: str) -> AttributeDeclaration:
    kind = enum(AttributeType, message.type, f"{path}.type")
    allowed = (_conformed(each, kind, f"{path}.allowed[{index}]") for index, each in enumerate(message.allowed))
    return AttributeDeclaration(message.name, kind, tuple(allowed), message.immutable)


def _event_type(message: pb.EventTypeDeclaration, path: str) -> EventTypeDeclaration:
    kinds = {
        name: enum(AttributeType, kind, f'{path}.properties["{name}"]') for name, kind in message.properties.items()
    }
    return EventTypeDeclaration(message.type, kinds)


def _segment(message: pb.Segment, path: str) -> Segment:
    return Segment(
        message.segment_id,
        message.when,
        on_unknown(message.on_unknown, f"{path}.on_unknown"),
        default_value(message, path),
        position_from(message.position),
    )


def _scope(message: pb.Scope, path: str) -> Scope:
    return Scope(
        level=enum(ScopeLevel, message.level, f"{path}.level"),
        scope_id=message.scope_id,
        parent_id=message.parent_id,
        rules=tuple(_rule(each, f"{path}.rules[{index}]") for index, each in enumerate(message.rules)),
        numbers=tuple(
            NumberExpression(each.name, each.expression, position_from(each.position)) for each in message.numbers
        ),
        attributes={
            name: value_from_proto(value, f'{path}.attributes["{name}"]') for name, value in message.attributes.items()
        },
        channel=message.channel,
    )


def _rule(message: pb.Rule, path: str) -> Rule:
    return Rule(
        message.rule_id,
        enum(Stage, message.stage, f"{path}.stage"),
        message.when,
        on_unknown(message.on_unknown, f"{path}.on_unknown"),
        default_value(message, path),
        position_from(message.position),
    )


def _conformed(message: value_pb2.TypedValue, kind: AttributeType, path: str) -> Value:
    try:
        # The allowed values of a list are those of its elements.
        return conform(value_from_proto(message, path), kind.element)
    except ValueError as error:
        raise InvalidArgument.field(path, f"must be {error}") from error
