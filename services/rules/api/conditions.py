"""What everything that a policy declares has, from the wire: places, meanings of unknown, members of enums."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from tandem.rules.v1 import condition_pb2, rule_set_pb2, trigger_pb2

from services.rules.domain.written import OnUnknown, SourcePosition
from shared.errors import InvalidArgument
from shared.rpc.values import value_from_proto
from shared.values import Value

E = TypeVar("E", bound=IntEnum)


def default_value(message: rule_set_pb2.Rule | rule_set_pb2.Segment | trigger_pb2.Trigger, path: str) -> Value:
    if not message.HasField("default_value"):
        return None
    return value_from_proto(message.default_value, f"{path}.default_value")


def on_unknown(number: int, path: str) -> OnUnknown:
    return enum(OnUnknown, number, path) if number else OnUnknown.FAIL


def position_from(message: condition_pb2.SourcePosition) -> SourcePosition:
    return SourcePosition(message.file, message.line, message.column)


def enum(kind: type[E], number: int, path: str) -> E:
    try:
        return kind(number)
    except ValueError:
        names = ", ".join(member.name for member in kind)
        raise InvalidArgument.field(path, f"must be one of {names}") from None
