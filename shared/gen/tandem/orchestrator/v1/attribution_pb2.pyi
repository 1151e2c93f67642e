import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AttributionModel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTRIBUTION_MODEL_UNSPECIFIED: _ClassVar[AttributionModel]
    ATTRIBUTION_MODEL_LAST_TOUCH: _ClassVar[AttributionModel]
    ATTRIBUTION_MODEL_FIRST_TOUCH: _ClassVar[AttributionModel]
    ATTRIBUTION_MODEL_LINEAR: _ClassVar[AttributionModel]
    ATTRIBUTION_MODEL_TIME_DECAY: _ClassVar[AttributionModel]
    ATTRIBUTION_MODEL_POSITION_BASED: _ClassVar[AttributionModel]
    ATTRIBUTION_MODEL_SHAPLEY: _ClassVar[AttributionModel]

class AttributionKey(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTRIBUTION_KEY_UNSPECIFIED: _ClassVar[AttributionKey]
    ATTRIBUTION_KEY_CHANNEL: _ClassVar[AttributionKey]
    ATTRIBUTION_KEY_CAMPAIGN: _ClassVar[AttributionKey]
    ATTRIBUTION_KEY_ACTION: _ClassVar[AttributionKey]
ATTRIBUTION_MODEL_UNSPECIFIED: AttributionModel
ATTRIBUTION_MODEL_LAST_TOUCH: AttributionModel
ATTRIBUTION_MODEL_FIRST_TOUCH: AttributionModel
ATTRIBUTION_MODEL_LINEAR: AttributionModel
ATTRIBUTION_MODEL_TIME_DECAY: AttributionModel
ATTRIBUTION_MODEL_POSITION_BASED: AttributionModel
ATTRIBUTION_MODEL_SHAPLEY: AttributionModel
ATTRIBUTION_KEY_UNSPECIFIED: AttributionKey
ATTRIBUTION_KEY_CHANNEL: AttributionKey
ATTRIBUTION_KEY_CAMPAIGN: AttributionKey
ATTRIBUTION_KEY_ACTION: AttributionKey

class GetAttributionRequest(_message.Message):
    __slots__ = ("from_time", "to_time", "model", "by", "lookback", "half_life")
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    LOOKBACK_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    model: AttributionModel
    by: AttributionKey
    lookback: _duration_pb2.Duration
    half_life: _duration_pb2.Duration
    def __init__(self, from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., model: _Optional[_Union[AttributionModel, str]] = ..., by: _Optional[_Union[AttributionKey, str]] = ..., lookback: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., half_life: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class AttributionRow(_message.Message):
    __slots__ = ("key", "conversions", "revenue", "margin", "contacts", "cost", "roas")
    KEY_FIELD_NUMBER: _ClassVar[int]
    CONVERSIONS_FIELD_NUMBER: _ClassVar[int]
    REVENUE_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    ROAS_FIELD_NUMBER: _ClassVar[int]
    key: str
    conversions: float
    revenue: float
    margin: float
    contacts: int
    cost: float
    roas: float
    def __init__(self, key: _Optional[str] = ..., conversions: _Optional[float] = ..., revenue: _Optional[float] = ..., margin: _Optional[float] = ..., contacts: _Optional[int] = ..., cost: _Optional[float] = ..., roas: _Optional[float] = ...) -> None: ...

class GetAttributionResponse(_message.Message):
    __slots__ = ("currency", "rows", "unattributed", "total")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    UNATTRIBUTED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    currency: str
    rows: _containers.RepeatedCompositeFieldContainer[AttributionRow]
    unattributed: AttributionRow
    total: AttributionRow
    def __init__(self, currency: _Optional[str] = ..., rows: _Optional[_Iterable[_Union[AttributionRow, _Mapping]]] = ..., unattributed: _Optional[_Union[AttributionRow, _Mapping]] = ..., total: _Optional[_Union[AttributionRow, _Mapping]] = ...) -> None: ...
