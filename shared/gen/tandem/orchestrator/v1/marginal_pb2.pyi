from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class SlotMarginals(_message.Message):
    __slots__ = ("placement_id", "rank", "candidate_probabilities", "silence_probability", "undrawn_probability", "error")
    PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    SILENCE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    UNDRAWN_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    placement_id: str
    rank: int
    candidate_probabilities: _containers.RepeatedScalarFieldContainer[float]
    silence_probability: float
    undrawn_probability: float
    error: float
    def __init__(self, placement_id: _Optional[str] = ..., rank: _Optional[int] = ..., candidate_probabilities: _Optional[_Iterable[float]] = ..., silence_probability: _Optional[float] = ..., undrawn_probability: _Optional[float] = ..., error: _Optional[float] = ...) -> None: ...
