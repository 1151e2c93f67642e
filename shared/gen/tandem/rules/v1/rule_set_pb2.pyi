from google.api import field_behavior_pb2 as _field_behavior_pb2
from tandem.common.v1 import stage_pb2 as _stage_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.rules.v1 import condition_pb2 as _condition_pb2
from tandem.rules.v1 import trigger_pb2 as _trigger_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ScopeLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_LEVEL_UNSPECIFIED: _ClassVar[ScopeLevel]
    SCOPE_LEVEL_POLICY: _ClassVar[ScopeLevel]
    SCOPE_LEVEL_ISSUE: _ClassVar[ScopeLevel]
    SCOPE_LEVEL_GROUP: _ClassVar[ScopeLevel]
    SCOPE_LEVEL_ACTION: _ClassVar[ScopeLevel]
    SCOPE_LEVEL_TREATMENT: _ClassVar[ScopeLevel]
    SCOPE_LEVEL_CHANNEL: _ClassVar[ScopeLevel]

class Engine(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENGINE_UNSPECIFIED: _ClassVar[Engine]
    ENGINE_INDEXED: _ClassVar[Engine]
    ENGINE_DURABLE: _ClassVar[Engine]

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_WARNING: _ClassVar[Severity]
    SEVERITY_ERROR: _ClassVar[Severity]
SCOPE_LEVEL_UNSPECIFIED: ScopeLevel
SCOPE_LEVEL_POLICY: ScopeLevel
SCOPE_LEVEL_ISSUE: ScopeLevel
SCOPE_LEVEL_GROUP: ScopeLevel
SCOPE_LEVEL_ACTION: ScopeLevel
SCOPE_LEVEL_TREATMENT: ScopeLevel
SCOPE_LEVEL_CHANNEL: ScopeLevel
ENGINE_UNSPECIFIED: Engine
ENGINE_INDEXED: Engine
ENGINE_DURABLE: Engine
SEVERITY_UNSPECIFIED: Severity
SEVERITY_WARNING: Severity
SEVERITY_ERROR: Severity

class AttributeDeclaration(_message.Message):
    __slots__ = ("name", "type", "allowed", "immutable")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: _value_pb2.AttributeType
    allowed: _containers.RepeatedCompositeFieldContainer[_value_pb2.TypedValue]
    immutable: bool
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[_value_pb2.AttributeType, str]] = ..., allowed: _Optional[_Iterable[_Union[_value_pb2.TypedValue, _Mapping]]] = ..., immutable: _Optional[bool] = ...) -> None: ...

class Segment(_message.Message):
    __slots__ = ("segment_id", "when", "on_unknown", "default_value", "position")
    SEGMENT_ID_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    ON_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VALUE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    segment_id: str
    when: str
    on_unknown: _condition_pb2.OnUnknown
    default_value: _value_pb2.TypedValue
    position: _condition_pb2.SourcePosition
    def __init__(self, segment_id: _Optional[str] = ..., when: _Optional[str] = ..., on_unknown: _Optional[_Union[_condition_pb2.OnUnknown, str]] = ..., default_value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ..., position: _Optional[_Union[_condition_pb2.SourcePosition, _Mapping]] = ...) -> None: ...

class Rule(_message.Message):
    __slots__ = ("rule_id", "stage", "when", "on_unknown", "default_value", "position")
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    ON_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VALUE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    stage: _stage_pb2.DropStage
    when: str
    on_unknown: _condition_pb2.OnUnknown
    default_value: _value_pb2.TypedValue
    position: _condition_pb2.SourcePosition
    def __init__(self, rule_id: _Optional[str] = ..., stage: _Optional[_Union[_stage_pb2.DropStage, str]] = ..., when: _Optional[str] = ..., on_unknown: _Optional[_Union[_condition_pb2.OnUnknown, str]] = ..., default_value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ..., position: _Optional[_Union[_condition_pb2.SourcePosition, _Mapping]] = ...) -> None: ...

class NumberExpression(_message.Message):
    __slots__ = ("name", "expression", "position")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    name: str
    expression: str
    position: _condition_pb2.SourcePosition
    def __init__(self, name: _Optional[str] = ..., expression: _Optional[str] = ..., position: _Optional[_Union[_condition_pb2.SourcePosition, _Mapping]] = ...) -> None: ...

class Scope(_message.Message):
    __slots__ = ("level", "scope_id", "parent_id", "rules", "numbers", "attributes", "channel")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.TypedValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ...) -> None: ...
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    level: ScopeLevel
    scope_id: str
    parent_id: str
    rules: _containers.RepeatedCompositeFieldContainer[Rule]
    numbers: _containers.RepeatedCompositeFieldContainer[NumberExpression]
    attributes: _containers.MessageMap[str, _value_pb2.TypedValue]
    channel: str
    def __init__(self, level: _Optional[_Union[ScopeLevel, str]] = ..., scope_id: _Optional[str] = ..., parent_id: _Optional[str] = ..., rules: _Optional[_Iterable[_Union[Rule, _Mapping]]] = ..., numbers: _Optional[_Iterable[_Union[NumberExpression, _Mapping]]] = ..., attributes: _Optional[_Mapping[str, _value_pb2.TypedValue]] = ..., channel: _Optional[str] = ...) -> None: ...

class EventTypeDeclaration(_message.Message):
    __slots__ = ("type", "properties")
    class PropertiesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.AttributeType
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.AttributeType, str]] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    type: str
    properties: _containers.ScalarMap[str, _value_pb2.AttributeType]
    def __init__(self, type: _Optional[str] = ..., properties: _Optional[_Mapping[str, _value_pb2.AttributeType]] = ...) -> None: ...

class RuleSet(_message.Message):
    __slots__ = ("attributes", "segments", "scopes", "engine", "event_types", "triggers")
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    TRIGGERS_FIELD_NUMBER: _ClassVar[int]
    attributes: _containers.RepeatedCompositeFieldContainer[AttributeDeclaration]
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    scopes: _containers.RepeatedCompositeFieldContainer[Scope]
    engine: Engine
    event_types: _containers.RepeatedCompositeFieldContainer[EventTypeDeclaration]
    triggers: _containers.RepeatedCompositeFieldContainer[_trigger_pb2.Trigger]
    def __init__(self, attributes: _Optional[_Iterable[_Union[AttributeDeclaration, _Mapping]]] = ..., segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ..., scopes: _Optional[_Iterable[_Union[Scope, _Mapping]]] = ..., engine: _Optional[_Union[Engine, str]] = ..., event_types: _Optional[_Iterable[_Union[EventTypeDeclaration, _Mapping]]] = ..., triggers: _Optional[_Iterable[_Union[_trigger_pb2.Trigger, _Mapping]]] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("position", "code", "message", "severity")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    position: _condition_pb2.SourcePosition
    code: str
    message: str
    severity: Severity
    def __init__(self, position: _Optional[_Union[_condition_pb2.SourcePosition, _Mapping]] = ..., code: _Optional[str] = ..., message: _Optional[str] = ..., severity: _Optional[_Union[Severity, str]] = ...) -> None: ...
