"""Values and times written into messages that exist already: of a profile's many small parts none is built twice."""

from __future__ import annotations

from google.protobuf.struct_pb2 import NULL_VALUE
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import value_pb2

from shared.rpc.values import value_to_proto
from shared.values import Value


def set_value(target: value_pb2.TypedValue, value: Value) -> None:
    kind = type(value)
    if kind is str:
        target.string_value = value  # type: ignore[assignment]
    elif kind is int:
        target.int_value = value  # type: ignore[assignment]
    elif kind is float:
        target.double_value = value  # type: ignore[assignment]
    elif kind is bool:
        target.bool_value = value  # type: ignore[assignment]
    elif value is None:
        target.null_value = NULL_VALUE  # type: ignore[assignment]
    else:
        target.CopyFrom(value_to_proto(value))


def set_time(target: Timestamp, time_ms: int) -> None:
    seconds, rest_ms = divmod(time_ms, 1_000)
    target.seconds = seconds
    target.nanos = rest_ms * 1_000_000
