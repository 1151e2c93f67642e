from tandem.scoring.v1 import model_pb2 as _model_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetModelHealthRequest(_message.Message):
    __slots__ = ("objective", "window")
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    objective: str
    window: int
    def __init__(self, objective: _Optional[str] = ..., window: _Optional[int] = ...) -> None: ...

class GetModelHealthResponse(_message.Message):
    __slots__ = ("objective", "assignment", "qualities", "features", "exploration_entropy", "exploration_share", "serving_model_id", "alarms")
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    QUALITIES_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    EXPLORATION_ENTROPY_FIELD_NUMBER: _ClassVar[int]
    EXPLORATION_SHARE_FIELD_NUMBER: _ClassVar[int]
    SERVING_MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    ALARMS_FIELD_NUMBER: _ClassVar[int]
    objective: str
    assignment: _model_pb2.Assignment
    qualities: _containers.RepeatedCompositeFieldContainer[_model_pb2.ModelQuality]
    features: _containers.RepeatedCompositeFieldContainer[_model_pb2.FeatureHealth]
    exploration_entropy: float
    exploration_share: float
    serving_model_id: str
    alarms: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, objective: _Optional[str] = ..., assignment: _Optional[_Union[_model_pb2.Assignment, _Mapping]] = ..., qualities: _Optional[_Iterable[_Union[_model_pb2.ModelQuality, _Mapping]]] = ..., features: _Optional[_Iterable[_Union[_model_pb2.FeatureHealth, _Mapping]]] = ..., exploration_entropy: _Optional[float] = ..., exploration_share: _Optional[float] = ..., serving_model_id: _Optional[str] = ..., alarms: _Optional[_Iterable[str]] = ...) -> None: ...
