import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FeatureDeclaration(_message.Message):
    __slots__ = ("name", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: _value_pb2.AttributeType
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[_value_pb2.AttributeType, str]] = ...) -> None: ...

class ActionDeclaration(_message.Message):
    __slots__ = ("action", "group", "issue", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.TypedValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ...) -> None: ...
    ACTION_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ISSUE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    action: str
    group: str
    issue: str
    attributes: _containers.MessageMap[str, _value_pb2.TypedValue]
    def __init__(self, action: _Optional[str] = ..., group: _Optional[str] = ..., issue: _Optional[str] = ..., attributes: _Optional[_Mapping[str, _value_pb2.TypedValue]] = ...) -> None: ...

class FeatureSet(_message.Message):
    __slots__ = ("features", "actions", "prior_propensity")
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    PRIOR_PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedCompositeFieldContainer[FeatureDeclaration]
    actions: _containers.RepeatedCompositeFieldContainer[ActionDeclaration]
    prior_propensity: float
    def __init__(self, features: _Optional[_Iterable[_Union[FeatureDeclaration, _Mapping]]] = ..., actions: _Optional[_Iterable[_Union[ActionDeclaration, _Mapping]]] = ..., prior_propensity: _Optional[float] = ...) -> None: ...

class PublishFeatureSetRequest(_message.Message):
    __slots__ = ("request_id", "feature_set")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_SET_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    feature_set: FeatureSet
    def __init__(self, request_id: _Optional[str] = ..., feature_set: _Optional[_Union[FeatureSet, _Mapping]] = ...) -> None: ...

class PublishFeatureSetResponse(_message.Message):
    __slots__ = ("feature_set_version",)
    FEATURE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    feature_set_version: str
    def __init__(self, feature_set_version: _Optional[str] = ...) -> None: ...

class ScoreActionsRequest(_message.Message):
    __slots__ = ("feature_set_version", "features", "actions", "channels", "placement_ids")
    class FeaturesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Feature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
    FEATURE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    feature_set_version: str
    features: _containers.MessageMap[str, _value_pb2.Feature]
    actions: _containers.RepeatedScalarFieldContainer[str]
    channels: _containers.RepeatedScalarFieldContainer[str]
    placement_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, feature_set_version: _Optional[str] = ..., features: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., actions: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ..., placement_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ScoreActionsResponse(_message.Message):
    __slots__ = ("model_version", "means", "uncertainties", "evidences", "log_odds_means", "log_odds_deviations", "feature_statuses")
    class FeatureStatusesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.FeatureStatus
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.FeatureStatus, str]] = ...) -> None: ...
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MEANS_FIELD_NUMBER: _ClassVar[int]
    UNCERTAINTIES_FIELD_NUMBER: _ClassVar[int]
    EVIDENCES_FIELD_NUMBER: _ClassVar[int]
    LOG_ODDS_MEANS_FIELD_NUMBER: _ClassVar[int]
    LOG_ODDS_DEVIATIONS_FIELD_NUMBER: _ClassVar[int]
    FEATURE_STATUSES_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    means: _containers.RepeatedScalarFieldContainer[float]
    uncertainties: _containers.RepeatedScalarFieldContainer[float]
    evidences: _containers.RepeatedScalarFieldContainer[float]
    log_odds_means: _containers.RepeatedScalarFieldContainer[float]
    log_odds_deviations: _containers.RepeatedScalarFieldContainer[float]
    feature_statuses: _containers.ScalarMap[str, _value_pb2.FeatureStatus]
    def __init__(self, model_version: _Optional[str] = ..., means: _Optional[_Iterable[float]] = ..., uncertainties: _Optional[_Iterable[float]] = ..., evidences: _Optional[_Iterable[float]] = ..., log_odds_means: _Optional[_Iterable[float]] = ..., log_odds_deviations: _Optional[_Iterable[float]] = ..., feature_statuses: _Optional[_Mapping[str, _value_pb2.FeatureStatus]] = ...) -> None: ...

class Reward(_message.Message):
    __slots__ = ("reward_key", "feature_set_version", "action", "channel", "placement_id", "features", "reward", "reward_time")
    class FeaturesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Feature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
    REWARD_KEY_FIELD_NUMBER: _ClassVar[int]
    FEATURE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    REWARD_TIME_FIELD_NUMBER: _ClassVar[int]
    reward_key: str
    feature_set_version: str
    action: str
    channel: str
    placement_id: str
    features: _containers.MessageMap[str, _value_pb2.Feature]
    reward: float
    reward_time: _timestamp_pb2.Timestamp
    def __init__(self, reward_key: _Optional[str] = ..., feature_set_version: _Optional[str] = ..., action: _Optional[str] = ..., channel: _Optional[str] = ..., placement_id: _Optional[str] = ..., features: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., reward: _Optional[float] = ..., reward_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordRewardsRequest(_message.Message):
    __slots__ = ("request_id", "rewards")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REWARDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    rewards: _containers.RepeatedCompositeFieldContainer[Reward]
    def __init__(self, request_id: _Optional[str] = ..., rewards: _Optional[_Iterable[_Union[Reward, _Mapping]]] = ...) -> None: ...

class RecordRewardsResponse(_message.Message):
    __slots__ = ("items", "model_version")
    class Result(_message.Message):
        __slots__ = ("reward_key", "duplicate")
        REWARD_KEY_FIELD_NUMBER: _ClassVar[int]
        DUPLICATE_FIELD_NUMBER: _ClassVar[int]
        reward_key: str
        duplicate: bool
        def __init__(self, reward_key: _Optional[str] = ..., duplicate: _Optional[bool] = ...) -> None: ...
    class Item(_message.Message):
        __slots__ = ("result", "error")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        result: RecordRewardsResponse.Result
        error: _status_pb2.Status
        def __init__(self, result: _Optional[_Union[RecordRewardsResponse.Result, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[RecordRewardsResponse.Item]
    model_version: str
    def __init__(self, items: _Optional[_Iterable[_Union[RecordRewardsResponse.Item, _Mapping]]] = ..., model_version: _Optional[str] = ...) -> None: ...

class EraseSubjectDataRequest(_message.Message):
    __slots__ = ("request_id", "decision_ids")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_IDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    decision_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., decision_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class EraseSubjectDataResponse(_message.Message):
    __slots__ = ("erased_count",)
    ERASED_COUNT_FIELD_NUMBER: _ClassVar[int]
    erased_count: int
    def __init__(self, erased_count: _Optional[int] = ...) -> None: ...
