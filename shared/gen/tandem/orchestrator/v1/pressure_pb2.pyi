import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PressurePlan(_message.Message):
    __slots__ = ("half_life", "window", "response_window", "unsubscribe_value", "gap_share", "gap_lengths", "channel_weights")
    class ChannelWeightsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_WINDOW_FIELD_NUMBER: _ClassVar[int]
    UNSUBSCRIBE_VALUE_FIELD_NUMBER: _ClassVar[int]
    GAP_SHARE_FIELD_NUMBER: _ClassVar[int]
    GAP_LENGTHS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    half_life: _duration_pb2.Duration
    window: _duration_pb2.Duration
    response_window: _duration_pb2.Duration
    unsubscribe_value: float
    gap_share: float
    gap_lengths: _containers.RepeatedCompositeFieldContainer[_duration_pb2.Duration]
    channel_weights: _containers.ScalarMap[str, float]
    def __init__(self, half_life: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., response_window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., unsubscribe_value: _Optional[float] = ..., gap_share: _Optional[float] = ..., gap_lengths: _Optional[_Iterable[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]]] = ..., channel_weights: _Optional[_Mapping[str, float]] = ...) -> None: ...

class PressureEffect(_message.Message):
    __slots__ = ("slope", "low", "high")
    SLOPE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    slope: float
    low: float
    high: float
    def __init__(self, slope: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class PressurePace(_message.Message):
    __slots__ = ("interval", "level", "price")
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    interval: _duration_pb2.Duration
    level: float
    price: float
    def __init__(self, interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., level: _Optional[float] = ..., price: _Optional[float] = ...) -> None: ...

class GetPressureRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetPressureResponse(_message.Message):
    __slots__ = ("plan", "learning_key", "samples", "waiting", "response", "unsubscribe", "certainty", "mean_value", "mean_level", "paces", "currency_code", "estimate_time", "usual_pace")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    LEARNING_KEY_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    UNSUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    CERTAINTY_FIELD_NUMBER: _ClassVar[int]
    MEAN_VALUE_FIELD_NUMBER: _ClassVar[int]
    MEAN_LEVEL_FIELD_NUMBER: _ClassVar[int]
    PACES_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_TIME_FIELD_NUMBER: _ClassVar[int]
    USUAL_PACE_FIELD_NUMBER: _ClassVar[int]
    plan: PressurePlan
    learning_key: str
    samples: int
    waiting: int
    response: PressureEffect
    unsubscribe: PressureEffect
    certainty: float
    mean_value: float
    mean_level: float
    paces: _containers.RepeatedCompositeFieldContainer[PressurePace]
    currency_code: str
    estimate_time: _timestamp_pb2.Timestamp
    usual_pace: PressurePace
    def __init__(self, plan: _Optional[_Union[PressurePlan, _Mapping]] = ..., learning_key: _Optional[str] = ..., samples: _Optional[int] = ..., waiting: _Optional[int] = ..., response: _Optional[_Union[PressureEffect, _Mapping]] = ..., unsubscribe: _Optional[_Union[PressureEffect, _Mapping]] = ..., certainty: _Optional[float] = ..., mean_value: _Optional[float] = ..., mean_level: _Optional[float] = ..., paces: _Optional[_Iterable[_Union[PressurePace, _Mapping]]] = ..., currency_code: _Optional[str] = ..., estimate_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., usual_pace: _Optional[_Union[PressurePace, _Mapping]] = ...) -> None: ...
