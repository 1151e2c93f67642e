import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.rules.v1 import condition_pb2 as _condition_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PatternKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PATTERN_KIND_UNSPECIFIED: _ClassVar[PatternKind]
    PATTERN_KIND_ANY: _ClassVar[PatternKind]
    PATTERN_KIND_ALL: _ClassVar[PatternKind]
    PATTERN_KIND_SEQUENCE: _ClassVar[PatternKind]
    PATTERN_KIND_COUNT: _ClassVar[PatternKind]
    PATTERN_KIND_SUM: _ClassVar[PatternKind]
PATTERN_KIND_UNSPECIFIED: PatternKind
PATTERN_KIND_ANY: PatternKind
PATTERN_KIND_ALL: PatternKind
PATTERN_KIND_SEQUENCE: PatternKind
PATTERN_KIND_COUNT: PatternKind
PATTERN_KIND_SUM: PatternKind

class EventMatch(_message.Message):
    __slots__ = ("event_type", "where", "by_anyone", "join_property", "position")
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    BY_ANYONE_FIELD_NUMBER: _ClassVar[int]
    JOIN_PROPERTY_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    event_type: str
    where: str
    by_anyone: bool
    join_property: str
    position: _condition_pb2.SourcePosition
    def __init__(self, event_type: _Optional[str] = ..., where: _Optional[str] = ..., by_anyone: _Optional[bool] = ..., join_property: _Optional[str] = ..., position: _Optional[_Union[_condition_pb2.SourcePosition, _Mapping]] = ...) -> None: ...

class Pattern(_message.Message):
    __slots__ = ("kind", "matches", "within_ms", "at_least", "sum_of", "join", "absent", "absent_ms", "restarts")
    KIND_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    WITHIN_MS_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    SUM_OF_FIELD_NUMBER: _ClassVar[int]
    JOIN_FIELD_NUMBER: _ClassVar[int]
    ABSENT_FIELD_NUMBER: _ClassVar[int]
    ABSENT_MS_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    kind: PatternKind
    matches: _containers.RepeatedCompositeFieldContainer[EventMatch]
    within_ms: int
    at_least: float
    sum_of: str
    join: str
    absent: EventMatch
    absent_ms: int
    restarts: bool
    def __init__(self, kind: _Optional[_Union[PatternKind, str]] = ..., matches: _Optional[_Iterable[_Union[EventMatch, _Mapping]]] = ..., within_ms: _Optional[int] = ..., at_least: _Optional[float] = ..., sum_of: _Optional[str] = ..., join: _Optional[str] = ..., absent: _Optional[_Union[EventMatch, _Mapping]] = ..., absent_ms: _Optional[int] = ..., restarts: _Optional[bool] = ...) -> None: ...

class Schedule(_message.Message):
    __slots__ = ("daily_at", "weekdays", "time_zone")
    DAILY_AT_FIELD_NUMBER: _ClassVar[int]
    WEEKDAYS_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    daily_at: str
    weekdays: _containers.RepeatedScalarFieldContainer[int]
    time_zone: str
    def __init__(self, daily_at: _Optional[str] = ..., weekdays: _Optional[_Iterable[int]] = ..., time_zone: _Optional[str] = ...) -> None: ...

class Effect(_message.Message):
    __slots__ = ("emit", "set_trait", "position")
    class Emit(_message.Message):
        __slots__ = ("name", "payload", "payload_positions")
        class PayloadEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        class PayloadPositionsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: _condition_pb2.SourcePosition
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_condition_pb2.SourcePosition, _Mapping]] = ...) -> None: ...
        NAME_FIELD_NUMBER: _ClassVar[int]
        PAYLOAD_FIELD_NUMBER: _ClassVar[int]
        PAYLOAD_POSITIONS_FIELD_NUMBER: _ClassVar[int]
        name: str
        payload: _containers.ScalarMap[str, str]
        payload_positions: _containers.MessageMap[str, _condition_pb2.SourcePosition]
        def __init__(self, name: _Optional[str] = ..., payload: _Optional[_Mapping[str, str]] = ..., payload_positions: _Optional[_Mapping[str, _condition_pb2.SourcePosition]] = ...) -> None: ...
    class SetTrait(_message.Message):
        __slots__ = ("trait", "value")
        TRAIT_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        trait: str
        value: str
        def __init__(self, trait: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    EMIT_FIELD_NUMBER: _ClassVar[int]
    SET_TRAIT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    emit: Effect.Emit
    set_trait: Effect.SetTrait
    position: _condition_pb2.SourcePosition
    def __init__(self, emit: _Optional[_Union[Effect.Emit, _Mapping]] = ..., set_trait: _Optional[_Union[Effect.SetTrait, _Mapping]] = ..., position: _Optional[_Union[_condition_pb2.SourcePosition, _Mapping]] = ...) -> None: ...

class Trigger(_message.Message):
    __slots__ = ("trigger_id", "pattern", "schedule", "condition", "on_unknown", "default_value", "cooldown_ms", "effects", "position")
    TRIGGER_ID_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    ON_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VALUE_FIELD_NUMBER: _ClassVar[int]
    COOLDOWN_MS_FIELD_NUMBER: _ClassVar[int]
    EFFECTS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    trigger_id: str
    pattern: Pattern
    schedule: Schedule
    condition: str
    on_unknown: _condition_pb2.OnUnknown
    default_value: _value_pb2.TypedValue
    cooldown_ms: int
    effects: _containers.RepeatedCompositeFieldContainer[Effect]
    position: _condition_pb2.SourcePosition
    def __init__(self, trigger_id: _Optional[str] = ..., pattern: _Optional[_Union[Pattern, _Mapping]] = ..., schedule: _Optional[_Union[Schedule, _Mapping]] = ..., condition: _Optional[str] = ..., on_unknown: _Optional[_Union[_condition_pb2.OnUnknown, str]] = ..., default_value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ..., cooldown_ms: _Optional[int] = ..., effects: _Optional[_Iterable[_Union[Effect, _Mapping]]] = ..., position: _Optional[_Union[_condition_pb2.SourcePosition, _Mapping]] = ...) -> None: ...

class FiredTrigger(_message.Message):
    __slots__ = ("position", "firing_id", "trigger_id", "rule_set_version", "name", "profile_id", "payload", "cause_event_id", "fired_time")
    class PayloadEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.TypedValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ...) -> None: ...
    POSITION_FIELD_NUMBER: _ClassVar[int]
    FIRING_ID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    CAUSE_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FIRED_TIME_FIELD_NUMBER: _ClassVar[int]
    position: str
    firing_id: str
    trigger_id: str
    rule_set_version: str
    name: str
    profile_id: str
    payload: _containers.MessageMap[str, _value_pb2.TypedValue]
    cause_event_id: str
    fired_time: _timestamp_pb2.Timestamp
    def __init__(self, position: _Optional[str] = ..., firing_id: _Optional[str] = ..., trigger_id: _Optional[str] = ..., rule_set_version: _Optional[str] = ..., name: _Optional[str] = ..., profile_id: _Optional[str] = ..., payload: _Optional[_Mapping[str, _value_pb2.TypedValue]] = ..., cause_event_id: _Optional[str] = ..., fired_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
