import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from tandem.common.v1 import stage_pb2 as _stage_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.rules.v1 import rule_set_pb2 as _rule_set_pb2
from tandem.rules.v1 import trigger_pb2 as _trigger_pb2
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
    __slots__ = ("rule_set_version", "attributes", "evaluation_time", "explain", "explain_actions", "with_segments")
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
    EXPLAIN_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    WITH_SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    rule_set_version: str
    attributes: _containers.MessageMap[str, _value_pb2.Feature]
    evaluation_time: _timestamp_pb2.Timestamp
    explain: _stage_pb2.Explain
    explain_actions: _containers.RepeatedScalarFieldContainer[str]
    with_segments: bool
    def __init__(self, rule_set_version: _Optional[str] = ..., attributes: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., evaluation_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., explain: _Optional[_Union[_stage_pb2.Explain, str]] = ..., explain_actions: _Optional[_Iterable[str]] = ..., with_segments: _Optional[bool] = ...) -> None: ...

class EvaluateEngagementPolicyResponse(_message.Message):
    __slots__ = ("rule_set_version", "eligible_actions", "numbers", "dropped_by_stage", "dropped", "segments", "dropped_treatments")
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
    DROPPED_TREATMENTS_FIELD_NUMBER: _ClassVar[int]
    rule_set_version: str
    eligible_actions: _containers.RepeatedScalarFieldContainer[str]
    numbers: _containers.RepeatedCompositeFieldContainer[EvaluateEngagementPolicyResponse.NumberColumn]
    dropped_by_stage: _containers.RepeatedCompositeFieldContainer[_stage_pb2.StageCount]
    dropped: _containers.RepeatedCompositeFieldContainer[_stage_pb2.Dropped]
    segments: _containers.RepeatedScalarFieldContainer[str]
    dropped_treatments: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rule_set_version: _Optional[str] = ..., eligible_actions: _Optional[_Iterable[str]] = ..., numbers: _Optional[_Iterable[_Union[EvaluateEngagementPolicyResponse.NumberColumn, _Mapping]]] = ..., dropped_by_stage: _Optional[_Iterable[_Union[_stage_pb2.StageCount, _Mapping]]] = ..., dropped: _Optional[_Iterable[_Union[_stage_pb2.Dropped, _Mapping]]] = ..., segments: _Optional[_Iterable[str]] = ..., dropped_treatments: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchEvaluateEngagementPolicyRequest(_message.Message):
    __slots__ = ("rule_set_version", "subjects", "evaluation_time", "explain", "with_segments")
    class Subject(_message.Message):
        __slots__ = ("attributes",)
        class AttributesEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: _value_pb2.Feature
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
        ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
        attributes: _containers.MessageMap[str, _value_pb2.Feature]
        def __init__(self, attributes: _Optional[_Mapping[str, _value_pb2.Feature]] = ...) -> None: ...
    RULE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    WITH_SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    rule_set_version: str
    subjects: _containers.RepeatedCompositeFieldContainer[BatchEvaluateEngagementPolicyRequest.Subject]
    evaluation_time: _timestamp_pb2.Timestamp
    explain: _stage_pb2.Explain
    with_segments: bool
    def __init__(self, rule_set_version: _Optional[str] = ..., subjects: _Optional[_Iterable[_Union[BatchEvaluateEngagementPolicyRequest.Subject, _Mapping]]] = ..., evaluation_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., explain: _Optional[_Union[_stage_pb2.Explain, str]] = ..., with_segments: _Optional[bool] = ...) -> None: ...

class BatchEvaluateEngagementPolicyResponse(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("result", "error")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        result: EvaluateEngagementPolicyResponse
        error: _status_pb2.Status
        def __init__(self, result: _Optional[_Union[EvaluateEngagementPolicyResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchEvaluateEngagementPolicyResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchEvaluateEngagementPolicyResponse.Item, _Mapping]]] = ...) -> None: ...

class EvaluateSegmentsRequest(_message.Message):
    __slots__ = ("rule_set_version", "attributes", "evaluation_time")
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
    rule_set_version: str
    attributes: _containers.MessageMap[str, _value_pb2.Feature]
    evaluation_time: _timestamp_pb2.Timestamp
    def __init__(self, rule_set_version: _Optional[str] = ..., attributes: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., evaluation_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class EvaluateSegmentsResponse(_message.Message):
    __slots__ = ("segments",)
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    segments: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, segments: _Optional[_Iterable[str]] = ...) -> None: ...

class GetRuleSetRequest(_message.Message):
    __slots__ = ("rule_set_version",)
    RULE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    rule_set_version: str
    def __init__(self, rule_set_version: _Optional[str] = ...) -> None: ...

class GetRuleSetResponse(_message.Message):
    __slots__ = ("rule_set", "published_time")
    RULE_SET_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_TIME_FIELD_NUMBER: _ClassVar[int]
    rule_set: _rule_set_pb2.RuleSet
    published_time: _timestamp_pb2.Timestamp
    def __init__(self, rule_set: _Optional[_Union[_rule_set_pb2.RuleSet, _Mapping]] = ..., published_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListRuleSetsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRuleSetsResponse(_message.Message):
    __slots__ = ("rule_sets", "next_page_token")
    class Entry(_message.Message):
        __slots__ = ("rule_set_version", "published_time", "actions", "triggers", "triggers_active")
        RULE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
        PUBLISHED_TIME_FIELD_NUMBER: _ClassVar[int]
        ACTIONS_FIELD_NUMBER: _ClassVar[int]
        TRIGGERS_FIELD_NUMBER: _ClassVar[int]
        TRIGGERS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
        rule_set_version: str
        published_time: _timestamp_pb2.Timestamp
        actions: int
        triggers: int
        triggers_active: bool
        def __init__(self, rule_set_version: _Optional[str] = ..., published_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actions: _Optional[int] = ..., triggers: _Optional[int] = ..., triggers_active: _Optional[bool] = ...) -> None: ...
    RULE_SETS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rule_sets: _containers.RepeatedCompositeFieldContainer[ListRuleSetsResponse.Entry]
    next_page_token: str
    def __init__(self, rule_sets: _Optional[_Iterable[_Union[ListRuleSetsResponse.Entry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ActivateTriggersRequest(_message.Message):
    __slots__ = ("request_id", "rule_set_version")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    rule_set_version: str
    def __init__(self, request_id: _Optional[str] = ..., rule_set_version: _Optional[str] = ...) -> None: ...

class ActivateTriggersResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ObservedEvent(_message.Message):
    __slots__ = ("event_id", "profile_id", "type", "event_time", "properties")
    class PropertiesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.TypedValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ...) -> None: ...
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    profile_id: str
    type: str
    event_time: _timestamp_pb2.Timestamp
    properties: _containers.MessageMap[str, _value_pb2.TypedValue]
    def __init__(self, event_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., type: _Optional[str] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., properties: _Optional[_Mapping[str, _value_pb2.TypedValue]] = ...) -> None: ...

class ObserveEventsRequest(_message.Message):
    __slots__ = ("events", "after_position", "follow")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ObservedEvent]
    after_position: str
    follow: bool
    def __init__(self, events: _Optional[_Iterable[_Union[ObservedEvent, _Mapping]]] = ..., after_position: _Optional[str] = ..., follow: _Optional[bool] = ...) -> None: ...

class ObserveEventsResponse(_message.Message):
    __slots__ = ("fired", "position")
    FIRED_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    fired: _containers.RepeatedCompositeFieldContainer[_trigger_pb2.FiredTrigger]
    position: str
    def __init__(self, fired: _Optional[_Iterable[_Union[_trigger_pb2.FiredTrigger, _Mapping]]] = ..., position: _Optional[str] = ...) -> None: ...
