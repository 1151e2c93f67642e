"""Attribute values on the wire (tandem.common.v1) and inside (shared.values), with the path of what is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from google.protobuf.duration_pb2 import Duration
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
    if value is None:
        return value_pb2.TypedValue(null_value="NULL_VALUE")
    if isinstance(value, tuple):
        return value_pb2.TypedValue(list_value=value_pb2.ListValue(values=[_scalar_to_proto(item) for item in value]))
    return _scalar_to_proto(value)


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
    seconds, rest_ms = divmod(time_ms, 1000)
    return Timestamp(seconds=seconds, nanos=rest_ms * 1_000_000)


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


def _scalar_to_proto(value: Scalar) -> value_pb2.TypedValue:
    if isinstance(value, bool):
        return value_pb2.TypedValue(bool_value=value)
    if isinstance(value, int):
        return value_pb2.TypedValue(int_value=value)
    if isinstance(value, float):
        return value_pb2.TypedValue(double_value=value)
    if isinstance(value, datetime):
        return value_pb2.TypedValue(timestamp_value=timestamp_proto(to_ms(value)))
    return value_pb2.TypedValue(string_value=value)
