import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import stage_pb2 as _stage_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.rules.v1 import rule_set_pb2 as _rule_set_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PublishRuleSetRequest(_message.Message):
    __slots__ = ("request_id", "rule_set")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_SET_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    rule_set: _rule_set_pb2.RuleSet
    def __init__(self, request_id: _Optional[str] = ..., rule_set: _Optional[_Union[_rule_set_pb2.RuleSet, _Mapping]] = ...) -> None: ...

class PublishRuleSetResponse(_message.Message):
    __slots__ = ("rule_set_version", "findings")
    RULE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    rule_set_version: str
    findings: _containers.RepeatedCompositeFieldContainer[_rule_set_pb2.Finding]
    def __init__(self, rule_set_version: _Optional[str] = ..., findings: _Optional[_Iterable[_Union[_rule_set_pb2.Finding, _Mapping]]] = ...) -> None: ...

class ValidateRuleSetRequest(_message.Message):
    __slots__ = ("rule_set",)
    RULE_SET_FIELD_NUMBER: _ClassVar[int]
    rule_set: _rule_set_pb2.RuleSet
    def __init__(self, rule_set: _Optional[_Union[_rule_set_pb2.RuleSet, _Mapping]] = ...) -> None: ...

class ValidateRuleSetResponse(_message.Message):
    __slots__ = ("findings",)
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    findings: _containers.RepeatedCompositeFieldContainer[_rule_set_pb2.Finding]
    def __init__(self, findings: _Optional[_Iterable[_Union[_rule_set_pb2.Finding, _Mapping]]] = ...) -> None: ...

class EvaluateEngagementPolicyRequest(_message.Message):
    __slots__ = ("rule_set_version", "attributes", "evaluation_time", "explain")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Feature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
    RULE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    rule_set_version: str
    attributes: _containers.MessageMap[str, _value_pb2.Feature]
    evaluation_time: _timestamp_pb2.Timestamp
    explain: _stage_pb2.Explain
    def __init__(self, rule_set_version: _Optional[str] = ..., attributes: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., evaluation_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., explain: _Optional[_Union[_stage_pb2.Explain, str]] = ...) -> None: ...

class EvaluateEngagementPolicyResponse(_message.Message):
    __slots__ = ("rule_set_version", "eligible_actions", "numbers", "dropped_by_stage", "dropped", "segments")
    class NumberColumn(_message.Message):
        __slots__ = ("name", "values")
        NAME_FIELD_NUMBER: _ClassVar[int]
        VALUES_FIELD_NUMBER: _ClassVar[int]
        name: str
        values: _containers.RepeatedScalarFieldContainer[float]
        def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[float]] = ...) -> None: ...
    RULE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    ELIGIBLE_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    DROPPED_BY_STAGE_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    rule_set_version: str
    eligible_actions: _containers.RepeatedScalarFieldContainer[str]
    numbers: _containers.RepeatedCompositeFieldContainer[EvaluateEngagementPolicyResponse.NumberColumn]
    dropped_by_stage: _containers.RepeatedCompositeFieldContainer[_stage_pb2.StageCount]
    dropped: _containers.RepeatedCompositeFieldContainer[_stage_pb2.Dropped]
    segments: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rule_set_version: _Optional[str] = ..., eligible_actions: _Optional[_Iterable[str]] = ..., numbers: _Optional[_Iterable[_Union[EvaluateEngagementPolicyResponse.NumberColumn, _Mapping]]] = ..., dropped_by_stage: _Optional[_Iterable[_Union[_stage_pb2.StageCount, _Mapping]]] = ..., dropped: _Optional[_Iterable[_Union[_stage_pb2.Dropped, _Mapping]]] = ..., segments: _Optional[_Iterable[str]] = ...) -> None: ...
