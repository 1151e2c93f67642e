import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResourceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESOURCE_KIND_UNSPECIFIED: _ClassVar[ResourceKind]
    RESOURCE_KIND_BUDGET: _ClassVar[ResourceKind]
    RESOURCE_KIND_STOCK: _ClassVar[ResourceKind]
    RESOURCE_KIND_CAPACITY: _ClassVar[ResourceKind]

class Pacing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PACING_UNSPECIFIED: _ClassVar[Pacing]
    PACING_ASAP: _ClassVar[Pacing]
    PACING_EVEN: _ClassVar[Pacing]
    PACING_TRAFFIC: _ClassVar[Pacing]
RESOURCE_KIND_UNSPECIFIED: ResourceKind
RESOURCE_KIND_BUDGET: ResourceKind
RESOURCE_KIND_STOCK: ResourceKind
RESOURCE_KIND_CAPACITY: ResourceKind
PACING_UNSPECIFIED: Pacing
PACING_ASAP: Pacing
PACING_EVEN: Pacing
PACING_TRAFFIC: Pacing

class ResourceUse(_message.Message):
    __slots__ = ("resource", "units", "price")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    resource: str
    units: float
    price: float
    def __init__(self, resource: _Optional[str] = ..., units: _Optional[float] = ..., price: _Optional[float] = ...) -> None: ...

class VolumeForecast(_message.Message):
    __slots__ = ("expected", "lowest", "highest")
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    LOWEST_FIELD_NUMBER: _ClassVar[int]
    HIGHEST_FIELD_NUMBER: _ClassVar[int]
    expected: float
    lowest: float
    highest: float
    def __init__(self, expected: _Optional[float] = ..., lowest: _Optional[float] = ..., highest: _Optional[float] = ...) -> None: ...

class ResourceVolume(_message.Message):
    __slots__ = ("resource", "kind", "pacing", "period_start", "period_end", "amount", "committed", "realised", "released", "remaining", "leased", "price", "forecast", "is_closed")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PACING_FIELD_NUMBER: _ClassVar[int]
    PERIOD_START_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    REALISED_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    LEASED_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    FORECAST_FIELD_NUMBER: _ClassVar[int]
    IS_CLOSED_FIELD_NUMBER: _ClassVar[int]
    resource: str
    kind: ResourceKind
    pacing: Pacing
    period_start: _timestamp_pb2.Timestamp
    period_end: _timestamp_pb2.Timestamp
    amount: float
    committed: float
    realised: float
    released: float
    remaining: float
    leased: float
    price: float
    forecast: VolumeForecast
    is_closed: bool
    def __init__(self, resource: _Optional[str] = ..., kind: _Optional[_Union[ResourceKind, str]] = ..., pacing: _Optional[_Union[Pacing, str]] = ..., period_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., period_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., amount: _Optional[float] = ..., committed: _Optional[float] = ..., realised: _Optional[float] = ..., released: _Optional[float] = ..., remaining: _Optional[float] = ..., leased: _Optional[float] = ..., price: _Optional[float] = ..., forecast: _Optional[_Union[VolumeForecast, _Mapping]] = ..., is_closed: _Optional[bool] = ...) -> None: ...

class GetVolumeRequest(_message.Message):
    __slots__ = ("resource_ids",)
    RESOURCE_IDS_FIELD_NUMBER: _ClassVar[int]
    resource_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, resource_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetVolumeResponse(_message.Message):
    __slots__ = ("resources", "currency_code")
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[ResourceVolume]
    currency_code: str
    def __init__(self, resources: _Optional[_Iterable[_Union[ResourceVolume, _Mapping]]] = ..., currency_code: _Optional[str] = ...) -> None: ...
