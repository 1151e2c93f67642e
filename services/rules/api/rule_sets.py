"""Rule sets and findings between the wire and the domain."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from tandem.common.v1 import value_pb2
from tandem.rules.v1 import rule_set_pb2 as pb

from services.rules.domain.rule_set import (
    AttributeDeclaration,
    Finding,
    NumberExpression,
    OnUnknown,
    Rule,
    RuleSet,
    Scope,
    ScopeLevel,
    Segment,
    SourcePosition,
    Stage,
)
from shared.errors import InvalidArgument
from shared.rpc.values import value_from_proto
from shared.values import AttributeType, Value, conform

E = TypeVar("E", bound=IntEnum)


def rule_set_from(message: pb.RuleSet, path: str) -> RuleSet:
    """Raises InvalidArgument naming the field that is no value of its type."""
    return RuleSet(
        tuple(_attribute(each, f"{path}.attributes[{index}]") for index, each in enumerate(message.attributes)),
        tuple(_segment(each, f"{path}.segments[{index}]") for index, each in enumerate(message.segments)),
        tuple(_scope(each, f"{path}.scopes[{index}]") for index, each in enumerate(message.scopes)),
    )


def finding_to(finding: Finding) -> pb.Finding:
    position = finding.position
    return pb.Finding(
        position=pb.SourcePosition(file=position.file, line=position.line, column=position.column),
        code=finding.code,
        message=finding.message,
        severity=int(finding.severity),  # type: ignore[arg-type]
    )


def _attribute(message: pb.AttributeDeclaration, path: str) -> AttributeDeclaration:
    kind = _enum(AttributeType, message.type, f"{path}.type")
    allowed = (_conformed(each, kind, f"{path}.allowed[{index}]") for index, each in enumerate(message.allowed))
    return AttributeDeclaration(message.name, kind, tuple(allowed))


def _segment(message: pb.Segment, path: str) -> Segment:
    return Segment(
        message.segment_id,
        message.when,
        _on_unknown(message.on_unknown, f"{path}.on_unknown"),
        _default(message, path),
        _position(message.position),
    )


def _scope(message: pb.Scope, path: str) -> Scope:
    return Scope(
        level=_enum(ScopeLevel, message.level, f"{path}.level"),
        scope_id=message.scope_id,
        parent_id=message.parent_id,
        rules=tuple(_rule(each, f"{path}.rules[{index}]") for index, each in enumerate(message.rules)),
        numbers=tuple(
            NumberExpression(each.name, each.expression, _position(each.position)) for each in message.numbers
        ),
        attributes={
            name: value_from_proto(value, f'{path}.attributes["{name}"]') for name, value in message.attributes.items()
        },
    )


def _rule(message: pb.Rule, path: str) -> Rule:
    return Rule(
        message.rule_id,
        _enum(Stage, message.stage, f"{path}.stage"),
        message.when,
        _on_unknown(message.on_unknown, f"{path}.on_unknown"),
        _default(message, path),
        _position(message.position),
    )


def _default(message: pb.Rule | pb.Segment, path: str) -> Value:
    if not message.HasField("default_value"):
        return None
    return value_from_proto(message.default_value, f"{path}.default_value")


def _on_unknown(number: int, path: str) -> OnUnknown:
    return _enum(OnUnknown, number, path) if number else OnUnknown.FAIL


def _position(message: pb.SourcePosition) -> SourcePosition:
    return SourcePosition(message.file, message.line, message.column)


def _conformed(message: value_pb2.TypedValue, kind: AttributeType, path: str) -> Value:
    try:
        # The allowed values of a list are those of its elements.
        return conform(value_from_proto(message, path), kind.element)
    except ValueError as error:
        raise InvalidArgument.field(path, f"must be {error}") from error


def _enum(kind: type[E], number: int, path: str) -> E:
    try:
        return kind(number)
    except ValueError:
        names = ", ".join(member.name for member in kind)
        raise InvalidArgument.field(path, f"must be one of {names}") from None
