"""Attribute values on the wire: what goes through whole, and what is refused with its path."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from tandem.common.v1 import value_pb2

from shared.clock import to_datetime
from shared.errors import InvalidArgument
from shared.rpc.values import (
    feature_from_proto,
    feature_to_proto,
    features_from_proto,
    timestamp_ms,
    timestamp_proto,
    value_from_proto,
    value_to_proto,
)
from shared.values import INT64_MAX, INT64_MIN, NOT_FOUND, NULL, Feature, FeatureStatus, Value, present

Typed = value_pb2.TypedValue

times_ms = st.integers(-62_135_596_800_000, 253_402_300_799_999)
moments = times_ms.map(to_datetime)
numbers = st.floats(allow_nan=False, allow_infinity=False)
scalar_kinds: list[st.SearchStrategy[Any]] = [
    st.booleans(),
    st.integers(INT64_MIN, INT64_MAX),
    numbers,
    st.text(max_size=50),
    moments,
]
values = st.one_of(st.none(), *scalar_kinds, *(st.lists(kind, max_size=5).map(tuple) for kind in scalar_kinds))


@given(values)
def test_value_survives_the_wire_with_its_type(value: Value) -> None:
    arrived = value_from_proto(Typed.FromString(value_to_proto(value).SerializeToString()), "v")
    assert arrived == value
    assert type(arrived) is type(value)


@given(times_ms)
def test_time_survives_the_wire(time_ms: int) -> None:
    assert timestamp_ms(timestamp_proto(time_ms), "t") == time_ms


def test_time_finer_than_a_millisecond_is_cut_downwards() -> None:
    assert timestamp_ms(Timestamp(seconds=-1, nanos=999_999_999), "t") == -1


def list_of(*items: Any) -> Any:
    return Typed(list_value=value_pb2.ListValue(values=items))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Typed(), "v"),
        (Typed(double_value=math.nan), "v"),
        (Typed(double_value=math.inf), "v"),
        (Typed(string_value="x" * 65_536), "v"),
        (Typed(timestamp_value=Timestamp(seconds=253_402_300_800)), "v"),
        (Typed(timestamp_value=Timestamp(nanos=-1)), "v"),
        (list_of(Typed(int_value=1), Typed(double_value=1.0)), "v"),
        (list_of(Typed(int_value=1), Typed()), "v"),
        (list_of(Typed()), "v.list_value.values[0]"),
        (list_of(Typed(null_value="NULL_VALUE")), "v.list_value.values[0]"),
        (list_of(list_of()), "v.list_value.values[0]"),
        (list_of(Typed(double_value=1.0), Typed(double_value=-math.inf)), "v.list_value.values[1]"),
        (list_of(*[Typed(int_value=INT64_MIN)] * 10_000), "v"),
    ],
)
def test_bad_value_is_refused_with_its_path(value: value_pb2.TypedValue, path: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        value_from_proto(value, "v")
    assert caught.value.violations[0].field == path
    assert caught.value.reason == "INVALID_FIELD"


def test_string_of_nearly_64_kib_is_accepted() -> None:
    assert value_from_proto(Typed(string_value="x" * 65_500), "v") == "x" * 65_500


@given(values)
def test_feature_survives_the_wire(value: Value) -> None:
    for feature in (present(value), NULL, NOT_FOUND, Feature("old", FeatureStatus.STALE)):
        wire = value_pb2.Feature.FromString(feature_to_proto(feature).SerializeToString())
        assert feature_from_proto(wire, "f") == feature


def test_feature_without_status_is_as_present_as_its_value() -> None:
    assert feature_from_proto(value_pb2.Feature(value=Typed(int_value=1)), "f") == present(1)
    assert feature_from_proto(value_pb2.Feature(value=Typed(null_value="NULL_VALUE")), "f") == NULL
    assert feature_from_proto(value_pb2.Feature(), "f") == NOT_FOUND


@pytest.mark.parametrize(
    ("feature", "path"),
    [
        (value_pb2.Feature(status="FEATURE_STATUS_PRESENT"), 'attributes["age"].value'),
        (value_pb2.Feature(status="FEATURE_STATUS_STALE"), 'attributes["age"].value'),
        (value_pb2.Feature(status="FEATURE_STATUS_NOT_FOUND", value=Typed(int_value=1)), 'attributes["age"]'),
        (value_pb2.Feature(status=99), 'attributes["age"].status'),  # type: ignore[arg-type]
    ],
)
def test_feature_that_contradicts_itself_is_refused(feature: value_pb2.Feature, path: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        features_from_proto({"age": feature}, "attributes")
    assert caught.value.violations[0].field == path


def test_timestamp_is_an_aware_moment_in_utc() -> None:
    moment = value_from_proto(Typed(timestamp_value=Timestamp(seconds=0, nanos=1_000_000)), "v")
    assert moment == datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)
