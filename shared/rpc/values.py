"""Attribute values on the wire (tandem.common.v1) and inside (shared.values), with the path of what is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import NULL_VALUE
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import value_pb2

from shared.clock import to_datetime, to_ms
from shared.errors import InvalidArgument
from shared.values import MAX_VALUE_BYTES, NULL, Feature, FeatureStatus, Scalar, Value, present

_SECONDS_MIN, _SECONDS_MAX = -62_135_596_800, 253_402_300_799  # years 1 to 9999


def value_from_proto(value: value_pb2.TypedValue, path: str) -> Value:
    """Raises InvalidArgument naming `path` for what TypedValue's comment forbids."""
    kind = value.WhichOneof("kind")
    if kind == "null_value":
        return None
    if kind == "list_value":
        return _list_from_proto(value.list_value, path)
    return _scalar_from_proto(kind, value, path)


def value_to_proto(value: Value) -> value_pb2.TypedValue:
    message = value_pb2.TypedValue()
    set_value(message, value)
    return message


def set_value(target: value_pb2.TypedValue, value: Value) -> None:
    """Into an empty message that exists already: what is built elsewhere is copied into its place."""
    if isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int):
        target.int_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, datetime):
        set_time(target.timestamp_value, to_ms(value))
    elif value is None:
        target.null_value = NULL_VALUE  # type: ignore[assignment]
    else:
        target.list_value.SetInParent()
        for item in value:
            set_value(target.list_value.values.add(), item)


def feature_from_proto(feature: value_pb2.Feature, path: str) -> Feature:
    """A feature whose status is not set is as present as its value; a status that contradicts the value is refused."""
    try:
        status = FeatureStatus(feature.status or _implied_status(feature))
    except ValueError:
        raise InvalidArgument.field(f"{path}.status", f"{feature.status} is not a feature status") from None
    if status is FeatureStatus.NULL_VALUE:
        return NULL
    if status is FeatureStatus.NOT_FOUND:
        if feature.HasField("value"):
            raise InvalidArgument.field(path, "has a value though its status is NOT_FOUND")
        return Feature(None, status)
    value = value_from_proto(feature.value, f"{path}.value")
    return present(value) if value is None else Feature(value, status)


def feature_to_proto(feature: Feature) -> value_pb2.Feature:
    value = None if feature.value is None else value_to_proto(feature.value)
    return value_pb2.Feature(value=value, status=int(feature.status))  # type: ignore[arg-type]


def features_from_proto(features: Mapping[str, value_pb2.Feature], path: str) -> dict[str, Feature]:
    """By name; paths read attributes["age"].value."""
    return {name: feature_from_proto(feature, f'{path}["{name}"]') for name, feature in features.items()}


def timestamp_ms(timestamp: Timestamp, path: str) -> int:
    """Milliseconds since 1970, digits below cut. Raises InvalidArgument outside the years 1 to 9999."""
    if not (_SECONDS_MIN <= timestamp.seconds <= _SECONDS_MAX and 0 <= timestamp.nanos <= 999_999_999):
        raise InvalidArgument.field(path, "must be a time between the years 1 and 9999")
    return timestamp.seconds * 1000 + timestamp.nanos // 1_000_000


def timestamp_proto(time_ms: int) -> Timestamp:
    message = Timestamp()
    set_time(message, time_ms)
    return message


def set_time(target: Timestamp, time_ms: int) -> None:
    """Likewise into a message that exists."""
    seconds, rest_ms = divmod(time_ms, 1000)
    target.seconds = seconds
    target.nanos = rest_ms * 1_000_000


def duration_proto(period_ms: int | None) -> Duration | None:
    """None where none is said."""
    if period_ms is None:
        return None
    seconds, rest_ms = divmod(period_ms, 1000)
    return Duration(seconds=seconds, nanos=rest_ms * 1_000_000)


def _implied_status(feature: value_pb2.Feature) -> FeatureStatus:
    return FeatureStatus.PRESENT if feature.HasField("value") else FeatureStatus.NOT_FOUND


def _scalar_from_proto(kind: str | None, value: value_pb2.TypedValue, path: str) -> Scalar:
    if kind is None:
        raise InvalidArgument.field(path, "must hold a value; null_value says that there is none")
    return _READ[kind](value, path)


def _read_double(value: value_pb2.TypedValue, path: str) -> float:
    if not math.isfinite(value.double_value):
        raise InvalidArgument.field(path, "must be a finite number")
    return value.double_value


def _read_string(value: value_pb2.TypedValue, path: str) -> str:
    _check_size(value.ByteSize(), path)
    return value.string_value


_READ: Mapping[str, Callable[[value_pb2.TypedValue, str], Scalar]] = {
    "bool_value": lambda value, _: value.bool_value,
    "int_value": lambda value, _: value.int_value,
    "double_value": _read_double,
    "string_value": _read_string,
    "timestamp_value": lambda value, path: to_datetime(timestamp_ms(value.timestamp_value, path)),
}


def _list_from_proto(values: value_pb2.ListValue, path: str) -> tuple[Scalar, ...]:
    _check_size(values.ByteSize(), path)
    kinds = [item.WhichOneof("kind") for item in values.values]
    for index, kind in enumerate(kinds):
        if kind in ("list_value", "null_value"):
            raise InvalidArgument.field(f"{path}.list_value.values[{index}]", "must be a scalar")
        if kind != kinds[0]:
            raise InvalidArgument.field(path, f"must be a list of one type: item {index} is not like item 0")
    return tuple(
        _scalar_from_proto(kind, item, f"{path}.list_value.values[{index}]")
        for index, (kind, item) in enumerate(zip(kinds, values.values, strict=True))
    )


def _check_size(size_bytes: int, path: str) -> None:
    if size_bytes > MAX_VALUE_BYTES:
        raise InvalidArgument.field(path, f"must have at most {MAX_VALUE_BYTES} bytes when encoded, not {size_bytes}")
