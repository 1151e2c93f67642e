import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.profile.v1 import consent_pb2 as _consent_pb2
from tandem.profile.v1 import contact_pb2 as _contact_pb2
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
    MEASURE_MEAN: _ClassVar[Measure]
    MEASURE_MIN: _ClassVar[Measure]
    MEASURE_MAX: _ClassVar[Measure]
    MEASURE_FIRST: _ClassVar[Measure]
    MEASURE_TOP_K: _ClassVar[Measure]
    MEASURE_HOUR_OF_WEEK: _ClassVar[Measure]
    MEASURE_BEST_HOUR: _ClassVar[Measure]
    MEASURE_SHARE: _ClassVar[Measure]
    MEASURE_OWNED: _ClassVar[Measure]
    MEASURE_DAYS_SINCE_LAST: _ClassVar[Measure]
    MEASURE_DAYS_SINCE_FIRST: _ClassVar[Measure]

class Normalisation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NORMALISATION_UNSPECIFIED: _ClassVar[Normalisation]
    NORMALISATION_TRIMMED: _ClassVar[Normalisation]
    NORMALISATION_LOWER_CASE: _ClassVar[Normalisation]
    NORMALISATION_EMAIL: _ClassVar[Normalisation]
    NORMALISATION_E164: _ClassVar[Normalisation]
    NORMALISATION_SHA256: _ClassVar[Normalisation]
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
MEASURE_MEAN: Measure
MEASURE_MIN: Measure
MEASURE_MAX: Measure
MEASURE_FIRST: Measure
MEASURE_TOP_K: Measure
MEASURE_HOUR_OF_WEEK: Measure
MEASURE_BEST_HOUR: Measure
MEASURE_SHARE: Measure
MEASURE_OWNED: Measure
MEASURE_DAYS_SINCE_LAST: Measure
MEASURE_DAYS_SINCE_FIRST: Measure
NORMALISATION_UNSPECIFIED: Normalisation
NORMALISATION_TRIMMED: Normalisation
NORMALISATION_LOWER_CASE: Normalisation
NORMALISATION_EMAIL: Normalisation
NORMALISATION_E164: Normalisation
NORMALISATION_SHA256: Normalisation

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
    __slots__ = ("name", "type", "allowed", "ttl", "immutable", "precedence", "retention", "purposes", "indexed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    PRECEDENCE_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    INDEXED_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: _value_pb2.AttributeType
    allowed: _containers.RepeatedCompositeFieldContainer[_value_pb2.TypedValue]
    ttl: _duration_pb2.Duration
    immutable: bool
    precedence: _containers.RepeatedScalarFieldContainer[TraitSource]
    retention: _duration_pb2.Duration
    purposes: _containers.RepeatedScalarFieldContainer[str]
    indexed: bool
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[_value_pb2.AttributeType, str]] = ..., allowed: _Optional[_Iterable[_Union[_value_pb2.TypedValue, _Mapping]]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., immutable: _Optional[bool] = ..., precedence: _Optional[_Iterable[_Union[TraitSource, str]]] = ..., retention: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., purposes: _Optional[_Iterable[str]] = ..., indexed: _Optional[bool] = ...) -> None: ...

class AggregateDeclaration(_message.Message):
    __slots__ = ("name", "event", "measure", "property", "window", "half_life", "type", "calendar", "previous", "k", "filter", "condition", "properties", "returned_event", "relation")
    class PropertiesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.AttributeType
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.AttributeType, str]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    RETURNED_EVENT_FIELD_NUMBER: _ClassVar[int]
    RELATION_FIELD_NUMBER: _ClassVar[int]
    name: str
    event: str
    measure: Measure
    property: str
    window: _duration_pb2.Duration
    half_life: _duration_pb2.Duration
    type: _value_pb2.AttributeType
    calendar: _contact_pb2.CalendarUnit
    previous: bool
    k: int
    filter: str
    condition: str
    properties: _containers.ScalarMap[str, _value_pb2.AttributeType]
    returned_event: str
    relation: str
    def __init__(self, name: _Optional[str] = ..., event: _Optional[str] = ..., measure: _Optional[_Union[Measure, str]] = ..., property: _Optional[str] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., half_life: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., type: _Optional[_Union[_value_pb2.AttributeType, str]] = ..., calendar: _Optional[_Union[_contact_pb2.CalendarUnit, str]] = ..., previous: _Optional[bool] = ..., k: _Optional[int] = ..., filter: _Optional[str] = ..., condition: _Optional[str] = ..., properties: _Optional[_Mapping[str, _value_pb2.AttributeType]] = ..., returned_event: _Optional[str] = ..., relation: _Optional[str] = ...) -> None: ...

class NamespaceDeclaration(_message.Message):
    __slots__ = ("name", "known", "normalisation", "shared", "max_per_profile", "default_region")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    NORMALISATION_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    MAX_PER_PROFILE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_REGION_FIELD_NUMBER: _ClassVar[int]
    name: str
    known: bool
    normalisation: Normalisation
    shared: bool
    max_per_profile: int
    default_region: str
    def __init__(self, name: _Optional[str] = ..., known: _Optional[bool] = ..., normalisation: _Optional[_Union[Normalisation, str]] = ..., shared: _Optional[bool] = ..., max_per_profile: _Optional[int] = ..., default_region: _Optional[str] = ...) -> None: ...

class PurposeDeclaration(_message.Message):
    __slots__ = ("name", "basis", "double_opt_in")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_OPT_IN_FIELD_NUMBER: _ClassVar[int]
    name: str
    basis: _consent_pb2.LegalBasis
    double_opt_in: bool
    def __init__(self, name: _Optional[str] = ..., basis: _Optional[_Union[_consent_pb2.LegalBasis, str]] = ..., double_opt_in: _Optional[bool] = ...) -> None: ...

class EventTypeDeclaration(_message.Message):
    __slots__ = ("type", "retention", "purposes")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    type: str
    retention: _duration_pb2.Duration
    purposes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, type: _Optional[str] = ..., retention: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., purposes: _Optional[_Iterable[str]] = ...) -> None: ...

class RelationDeclaration(_message.Message):
    __slots__ = ("name", "pairs")
    class Pair(_message.Message):
        __slots__ = ("item", "implied")
        ITEM_FIELD_NUMBER: _ClassVar[int]
        IMPLIED_FIELD_NUMBER: _ClassVar[int]
        item: str
        implied: str
        def __init__(self, item: _Optional[str] = ..., implied: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAIRS_FIELD_NUMBER: _ClassVar[int]
    name: str
    pairs: _containers.RepeatedCompositeFieldContainer[RelationDeclaration.Pair]
    def __init__(self, name: _Optional[str] = ..., pairs: _Optional[_Iterable[_Union[RelationDeclaration.Pair, _Mapping]]] = ...) -> None: ...

class TraitSchema(_message.Message):
    __slots__ = ("traits", "aggregates", "namespaces", "purposes", "event_types", "relations", "contact_limits", "time_zone_trait", "default_time_zone")
    TRAITS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATES_FIELD_NUMBER: _ClassVar[int]
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    CONTACT_LIMITS_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_TRAIT_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    traits: _containers.RepeatedCompositeFieldContainer[TraitDeclaration]
    aggregates: _containers.RepeatedCompositeFieldContainer[AggregateDeclaration]
    namespaces: _containers.RepeatedCompositeFieldContainer[NamespaceDeclaration]
    purposes: _containers.RepeatedCompositeFieldContainer[PurposeDeclaration]
    event_types: _containers.RepeatedCompositeFieldContainer[EventTypeDeclaration]
    relations: _containers.RepeatedCompositeFieldContainer[RelationDeclaration]
    contact_limits: _containers.RepeatedCompositeFieldContainer[_contact_pb2.ContactLimit]
    time_zone_trait: str
    default_time_zone: str
    def __init__(self, traits: _Optional[_Iterable[_Union[TraitDeclaration, _Mapping]]] = ..., aggregates: _Optional[_Iterable[_Union[AggregateDeclaration, _Mapping]]] = ..., namespaces: _Optional[_Iterable[_Union[NamespaceDeclaration, _Mapping]]] = ..., purposes: _Optional[_Iterable[_Union[PurposeDeclaration, _Mapping]]] = ..., event_types: _Optional[_Iterable[_Union[EventTypeDeclaration, _Mapping]]] = ..., relations: _Optional[_Iterable[_Union[RelationDeclaration, _Mapping]]] = ..., contact_limits: _Optional[_Iterable[_Union[_contact_pb2.ContactLimit, _Mapping]]] = ..., time_zone_trait: _Optional[str] = ..., default_time_zone: _Optional[str] = ...) -> None: ...
