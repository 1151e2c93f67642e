import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AssignmentMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASSIGNMENT_METHOD_UNSPECIFIED: _ClassVar[AssignmentMethod]
    ASSIGNMENT_METHOD_IN_ORDER: _ClassVar[AssignmentMethod]
    ASSIGNMENT_METHOD_MATCHING: _ClassVar[AssignmentMethod]
    ASSIGNMENT_METHOD_PROGRAM: _ClassVar[AssignmentMethod]
ASSIGNMENT_METHOD_UNSPECIFIED: AssignmentMethod
ASSIGNMENT_METHOD_IN_ORDER: AssignmentMethod
ASSIGNMENT_METHOD_MATCHING: AssignmentMethod
ASSIGNMENT_METHOD_PROGRAM: AssignmentMethod

class Assignment(_message.Message):
    __slots__ = ("method", "value", "bound", "gap")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    BOUND_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    method: AssignmentMethod
    value: float
    bound: float
    gap: float
    def __init__(self, method: _Optional[_Union[AssignmentMethod, str]] = ..., value: _Optional[float] = ..., bound: _Optional[float] = ..., gap: _Optional[float] = ...) -> None: ...

class RandomisedSilence(_message.Message):
    __slots__ = ("silence_probability", "winner_probability", "withheld", "ghost_action", "ghost_treatment", "ghost_channel")
    SILENCE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    WINNER_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    GHOST_ACTION_FIELD_NUMBER: _ClassVar[int]
    GHOST_TREATMENT_FIELD_NUMBER: _ClassVar[int]
    GHOST_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    silence_probability: float
    winner_probability: float
    withheld: bool
    ghost_action: str
    ghost_treatment: str
    ghost_channel: str
    def __init__(self, silence_probability: _Optional[float] = ..., winner_probability: _Optional[float] = ..., withheld: _Optional[bool] = ..., ghost_action: _Optional[str] = ..., ghost_treatment: _Optional[str] = ..., ghost_channel: _Optional[str] = ...) -> None: ...

class PressureStanding(_message.Message):
    __slots__ = ("level", "contacts", "weight_per_day", "price", "certainty", "in_gap", "gap_end_time", "gap_probability", "level_deviation")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CERTAINTY_FIELD_NUMBER: _ClassVar[int]
    IN_GAP_FIELD_NUMBER: _ClassVar[int]
    GAP_END_TIME_FIELD_NUMBER: _ClassVar[int]
    GAP_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    LEVEL_DEVIATION_FIELD_NUMBER: _ClassVar[int]
    level: float
    contacts: int
    weight_per_day: float
    price: float
    certainty: float
    in_gap: bool
    gap_end_time: _timestamp_pb2.Timestamp
    gap_probability: float
    level_deviation: float
    def __init__(self, level: _Optional[float] = ..., contacts: _Optional[int] = ..., weight_per_day: _Optional[float] = ..., price: _Optional[float] = ..., certainty: _Optional[float] = ..., in_gap: _Optional[bool] = ..., gap_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., gap_probability: _Optional[float] = ..., level_deviation: _Optional[float] = ...) -> None: ...
