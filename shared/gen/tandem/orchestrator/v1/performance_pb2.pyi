import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PerformanceKey(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERFORMANCE_KEY_UNSPECIFIED: _ClassVar[PerformanceKey]
    PERFORMANCE_KEY_CAMPAIGN: _ClassVar[PerformanceKey]
    PERFORMANCE_KEY_SEGMENT: _ClassVar[PerformanceKey]
    PERFORMANCE_KEY_ATTRIBUTE: _ClassVar[PerformanceKey]
    PERFORMANCE_KEY_CHANNEL: _ClassVar[PerformanceKey]
    PERFORMANCE_KEY_TREATMENT: _ClassVar[PerformanceKey]
    PERFORMANCE_KEY_ACTION: _ClassVar[PerformanceKey]
    PERFORMANCE_KEY_GROUP: _ClassVar[PerformanceKey]
    PERFORMANCE_KEY_ISSUE: _ClassVar[PerformanceKey]
    PERFORMANCE_KEY_ACTION_ATTRIBUTE: _ClassVar[PerformanceKey]

class TargetMetric(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TARGET_METRIC_UNSPECIFIED: _ClassVar[TargetMetric]
    TARGET_METRIC_CONTACTS: _ClassVar[TargetMetric]
    TARGET_METRIC_RESPONSES: _ClassVar[TargetMetric]
    TARGET_METRIC_CONVERSIONS: _ClassVar[TargetMetric]
    TARGET_METRIC_REVENUE: _ClassVar[TargetMetric]
    TARGET_METRIC_RESPONSE_RATE: _ClassVar[TargetMetric]
PERFORMANCE_KEY_UNSPECIFIED: PerformanceKey
PERFORMANCE_KEY_CAMPAIGN: PerformanceKey
PERFORMANCE_KEY_SEGMENT: PerformanceKey
PERFORMANCE_KEY_ATTRIBUTE: PerformanceKey
PERFORMANCE_KEY_CHANNEL: PerformanceKey
PERFORMANCE_KEY_TREATMENT: PerformanceKey
PERFORMANCE_KEY_ACTION: PerformanceKey
PERFORMANCE_KEY_GROUP: PerformanceKey
PERFORMANCE_KEY_ISSUE: PerformanceKey
PERFORMANCE_KEY_ACTION_ATTRIBUTE: PerformanceKey
TARGET_METRIC_UNSPECIFIED: TargetMetric
TARGET_METRIC_CONTACTS: TargetMetric
TARGET_METRIC_RESPONSES: TargetMetric
TARGET_METRIC_CONVERSIONS: TargetMetric
TARGET_METRIC_REVENUE: TargetMetric
TARGET_METRIC_RESPONSE_RATE: TargetMetric

class GetPerformanceRequest(_message.Message):
    __slots__ = ("from_time", "to_time", "by", "attribute", "baseline")
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    by: PerformanceKey
    attribute: str
    baseline: str
    def __init__(self, from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., by: _Optional[_Union[PerformanceKey, str]] = ..., attribute: _Optional[str] = ..., baseline: _Optional[str] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("value", "low", "high")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    value: float
    low: float
    high: float
    def __init__(self, value: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class Lift(_message.Message):
    __slots__ = ("difference", "relative")
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_FIELD_NUMBER: _ClassVar[int]
    difference: Estimate
    relative: Estimate
    def __init__(self, difference: _Optional[_Union[Estimate, _Mapping]] = ..., relative: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class Measure(_message.Message):
    __slots__ = ("estimate", "lift")
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    LIFT_FIELD_NUMBER: _ClassVar[int]
    estimate: Estimate
    lift: Lift
    def __init__(self, estimate: _Optional[_Union[Estimate, _Mapping]] = ..., lift: _Optional[_Union[Lift, _Mapping]] = ...) -> None: ...

class PerformanceRow(_message.Message):
    __slots__ = ("key", "arm", "persons", "contacts", "responses", "conversions", "revenue", "response_rate", "contact_count", "conversion_count", "revenue_amount")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ARM_FIELD_NUMBER: _ClassVar[int]
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    CONVERSIONS_FIELD_NUMBER: _ClassVar[int]
    REVENUE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_RATE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    REVENUE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    key: str
    arm: str
    persons: int
    contacts: int
    responses: int
    conversions: int
    revenue: float
    response_rate: Measure
    contact_count: Measure
    conversion_count: Measure
    revenue_amount: Measure
    def __init__(self, key: _Optional[str] = ..., arm: _Optional[str] = ..., persons: _Optional[int] = ..., contacts: _Optional[int] = ..., responses: _Optional[int] = ..., conversions: _Optional[int] = ..., revenue: _Optional[float] = ..., response_rate: _Optional[_Union[Measure, _Mapping]] = ..., contact_count: _Optional[_Union[Measure, _Mapping]] = ..., conversion_count: _Optional[_Union[Measure, _Mapping]] = ..., revenue_amount: _Optional[_Union[Measure, _Mapping]] = ...) -> None: ...

class SampleRatio(_message.Message):
    __slots__ = ("arms", "p_value", "alarm")
    class ArmCount(_message.Message):
        __slots__ = ("arm", "observed", "expected")
        ARM_FIELD_NUMBER: _ClassVar[int]
        OBSERVED_FIELD_NUMBER: _ClassVar[int]
        EXPECTED_FIELD_NUMBER: _ClassVar[int]
        arm: str
        observed: int
        expected: float
        def __init__(self, arm: _Optional[str] = ..., observed: _Optional[int] = ..., expected: _Optional[float] = ...) -> None: ...
    ARMS_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    ALARM_FIELD_NUMBER: _ClassVar[int]
    arms: _containers.RepeatedCompositeFieldContainer[SampleRatio.ArmCount]
    p_value: float
    alarm: bool
    def __init__(self, arms: _Optional[_Iterable[_Union[SampleRatio.ArmCount, _Mapping]]] = ..., p_value: _Optional[float] = ..., alarm: _Optional[bool] = ...) -> None: ...

class LeftOut(_message.Message):
    __slots__ = ("two_arms", "merged", "moved", "decisions")
    TWO_ARMS_FIELD_NUMBER: _ClassVar[int]
    MERGED_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    two_arms: int
    merged: int
    moved: int
    decisions: int
    def __init__(self, two_arms: _Optional[int] = ..., merged: _Optional[int] = ..., moved: _Optional[int] = ..., decisions: _Optional[int] = ...) -> None: ...

class TargetResult(_message.Message):
    __slots__ = ("target", "metric", "amount", "actual")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_FIELD_NUMBER: _ClassVar[int]
    target: str
    metric: TargetMetric
    amount: float
    actual: float
    def __init__(self, target: _Optional[str] = ..., metric: _Optional[_Union[TargetMetric, str]] = ..., amount: _Optional[float] = ..., actual: _Optional[float] = ...) -> None: ...

class GetPerformanceResponse(_message.Message):
    __slots__ = ("currency", "rows", "sample_ratio", "left_out", "targets", "baseline")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATIO_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    currency: str
    rows: _containers.RepeatedCompositeFieldContainer[PerformanceRow]
    sample_ratio: SampleRatio
    left_out: LeftOut
    targets: _containers.RepeatedCompositeFieldContainer[TargetResult]
    baseline: str
    def __init__(self, currency: _Optional[str] = ..., rows: _Optional[_Iterable[_Union[PerformanceRow, _Mapping]]] = ..., sample_ratio: _Optional[_Union[SampleRatio, _Mapping]] = ..., left_out: _Optional[_Union[LeftOut, _Mapping]] = ..., targets: _Optional[_Iterable[_Union[TargetResult, _Mapping]]] = ..., baseline: _Optional[str] = ...) -> None: ...
