from google.api import field_behavior_pb2 as _field_behavior_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExplainScoreRequest(_message.Message):
    __slots__ = ("feature_set_version", "features", "action", "channel", "placement_id", "model_id", "max_reasons")
    class FeaturesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Feature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
    FEATURE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_REASONS_FIELD_NUMBER: _ClassVar[int]
    feature_set_version: str
    features: _containers.MessageMap[str, _value_pb2.Feature]
    action: str
    channel: str
    placement_id: str
    model_id: str
    max_reasons: int
    def __init__(self, feature_set_version: _Optional[str] = ..., features: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., action: _Optional[str] = ..., channel: _Optional[str] = ..., placement_id: _Optional[str] = ..., model_id: _Optional[str] = ..., max_reasons: _Optional[int] = ...) -> None: ...

class Contribution(_message.Message):
    __slots__ = ("name", "feature", "base", "learnt")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    LEARNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    feature: _value_pb2.Feature
    base: float
    learnt: float
    def __init__(self, name: _Optional[str] = ..., feature: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ..., base: _Optional[float] = ..., learnt: _Optional[float] = ...) -> None: ...

class ExplainScoreResponse(_message.Message):
    __slots__ = ("model_version", "mean", "log_odds", "expected_log_odds", "contributions", "reasons")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    LOG_ODDS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_LOG_ODDS_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    mean: float
    log_odds: float
    expected_log_odds: float
    contributions: _containers.RepeatedCompositeFieldContainer[Contribution]
    reasons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model_version: _Optional[str] = ..., mean: _Optional[float] = ..., log_odds: _Optional[float] = ..., expected_log_odds: _Optional[float] = ..., contributions: _Optional[_Iterable[_Union[Contribution, _Mapping]]] = ..., reasons: _Optional[_Iterable[str]] = ...) -> None: ...
