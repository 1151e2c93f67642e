import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TraitSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAIT_SOURCE_UNSPECIFIED: _ClassVar[TraitSource]
    TRAIT_SOURCE_EXPLICIT: _ClassVar[TraitSource]
    TRAIT_SOURCE_IMPLICIT: _ClassVar[TraitSource]
    TRAIT_SOURCE_COMPUTED: _ClassVar[TraitSource]
    TRAIT_SOURCE_SECOND_PARTY: _ClassVar[TraitSource]
    TRAIT_SOURCE_THIRD_PARTY: _ClassVar[TraitSource]

class Measure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MEASURE_UNSPECIFIED: _ClassVar[Measure]
    MEASURE_COUNT: _ClassVar[Measure]
    MEASURE_SUM: _ClassVar[Measure]
    MEASURE_LAST: _ClassVar[Measure]
    MEASURE_DISTINCT: _ClassVar[Measure]
    MEASURE_DECAYED_RATE: _ClassVar[Measure]
TRAIT_SOURCE_UNSPECIFIED: TraitSource
TRAIT_SOURCE_EXPLICIT: TraitSource
TRAIT_SOURCE_IMPLICIT: TraitSource
TRAIT_SOURCE_COMPUTED: TraitSource
TRAIT_SOURCE_SECOND_PARTY: TraitSource
TRAIT_SOURCE_THIRD_PARTY: TraitSource
MEASURE_UNSPECIFIED: Measure
MEASURE_COUNT: Measure
MEASURE_SUM: Measure
MEASURE_LAST: Measure
MEASURE_DISTINCT: Measure
MEASURE_DECAYED_RATE: Measure

class Trait(_message.Message):
    __slots__ = ("name", "value", "source", "observed_time", "status")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_TIME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: _value_pb2.TypedValue
    source: TraitSource
    observed_time: _timestamp_pb2.Timestamp
    status: _value_pb2.FeatureStatus
    def __init__(self, name: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ..., source: _Optional[_Union[TraitSource, str]] = ..., observed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status: _Optional[_Union[_value_pb2.FeatureStatus, str]] = ...) -> None: ...

class TraitDeclaration(_message.Message):
    __slots__ = ("name", "type", "allowed", "ttl", "immutable")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: _value_pb2.AttributeType
    allowed: _containers.RepeatedCompositeFieldContainer[_value_pb2.TypedValue]
    ttl: _duration_pb2.Duration
    immutable: bool
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[_value_pb2.AttributeType, str]] = ..., allowed: _Optional[_Iterable[_Union[_value_pb2.TypedValue, _Mapping]]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., immutable: _Optional[bool] = ...) -> None: ...

class AggregateDeclaration(_message.Message):
    __slots__ = ("name", "event", "measure", "property", "window", "half_life", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    event: str
    measure: Measure
    property: str
    window: _duration_pb2.Duration
    half_life: _duration_pb2.Duration
    type: _value_pb2.AttributeType
    def __init__(self, name: _Optional[str] = ..., event: _Optional[str] = ..., measure: _Optional[_Union[Measure, str]] = ..., property: _Optional[str] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., half_life: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., type: _Optional[_Union[_value_pb2.AttributeType, str]] = ...) -> None: ...

class NamespaceDeclaration(_message.Message):
    __slots__ = ("name", "known")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    name: str
    known: bool
    def __init__(self, name: _Optional[str] = ..., known: _Optional[bool] = ...) -> None: ...

class TraitSchema(_message.Message):
    __slots__ = ("traits", "aggregates", "namespaces")
    TRAITS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATES_FIELD_NUMBER: _ClassVar[int]
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    traits: _containers.RepeatedCompositeFieldContainer[TraitDeclaration]
    aggregates: _containers.RepeatedCompositeFieldContainer[AggregateDeclaration]
    namespaces: _containers.RepeatedCompositeFieldContainer[NamespaceDeclaration]
    def __init__(self, traits: _Optional[_Iterable[_Union[TraitDeclaration, _Mapping]]] = ..., aggregates: _Optional[_Iterable[_Union[AggregateDeclaration, _Mapping]]] = ..., namespaces: _Optional[_Iterable[_Union[NamespaceDeclaration, _Mapping]]] = ...) -> None: ...
