from google.api import field_behavior_pb2 as _field_behavior_pb2
from tandem.orchestrator.v1 import decision_pb2 as _decision_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReplayDecisionRequest(_message.Message):
    __slots__ = ("decision_id", "rescore")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    RESCORE_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    rescore: bool
    def __init__(self, decision_id: _Optional[str] = ..., rescore: _Optional[bool] = ...) -> None: ...

class ReplayDecisionResponse(_message.Message):
    __slots__ = ("decision_id", "identical", "differing_fields", "response", "rescored")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTICAL_FIELD_NUMBER: _ClassVar[int]
    DIFFERING_FIELDS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    RESCORED_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    identical: bool
    differing_fields: _containers.RepeatedScalarFieldContainer[str]
    response: _decision_pb2.DecideResponse
    rescored: Rescored
    def __init__(self, decision_id: _Optional[str] = ..., identical: _Optional[bool] = ..., differing_fields: _Optional[_Iterable[str]] = ..., response: _Optional[_Union[_decision_pb2.DecideResponse, _Mapping]] = ..., rescored: _Optional[_Union[Rescored, _Mapping]] = ...) -> None: ...

class Rescored(_message.Message):
    __slots__ = ("model_version", "scores", "difference", "within_tolerance")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    WITHIN_TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    scores: int
    difference: float
    within_tolerance: bool
    def __init__(self, model_version: _Optional[str] = ..., scores: _Optional[int] = ..., difference: _Optional[float] = ..., within_tolerance: _Optional[bool] = ...) -> None: ...
