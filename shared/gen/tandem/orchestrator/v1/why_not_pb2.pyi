import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import stage_pb2 as _stage_pb2
from tandem.common.v1 import subject_pb2 as _subject_pb2
from tandem.orchestrator.v1 import arbitration_pb2 as _arbitration_pb2
from tandem.orchestrator.v1 import decision_pb2 as _decision_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WhyNotVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WHY_NOT_VERDICT_UNSPECIFIED: _ClassVar[WhyNotVerdict]
    WHY_NOT_VERDICT_PROPOSED: _ClassVar[WhyNotVerdict]
    WHY_NOT_VERDICT_DROPPED: _ClassVar[WhyNotVerdict]
    WHY_NOT_VERDICT_NOT_IN_POLICY: _ClassVar[WhyNotVerdict]
    WHY_NOT_VERDICT_DEGRADED: _ClassVar[WhyNotVerdict]
    WHY_NOT_VERDICT_EMPTY_PLACEMENT: _ClassVar[WhyNotVerdict]
WHY_NOT_VERDICT_UNSPECIFIED: WhyNotVerdict
WHY_NOT_VERDICT_PROPOSED: WhyNotVerdict
WHY_NOT_VERDICT_DROPPED: WhyNotVerdict
WHY_NOT_VERDICT_NOT_IN_POLICY: WhyNotVerdict
WHY_NOT_VERDICT_DEGRADED: WhyNotVerdict
WHY_NOT_VERDICT_EMPTY_PLACEMENT: WhyNotVerdict

class WhyNotRequest(_message.Message):
    __slots__ = ("subject", "action", "start_time", "end_time", "max_decisions")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    MAX_DECISIONS_FIELD_NUMBER: _ClassVar[int]
    subject: _subject_pb2.Subject
    action: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    max_decisions: int
    def __init__(self, subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., action: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., max_decisions: _Optional[int] = ...) -> None: ...

class WhyNotDecision(_message.Message):
    __slots__ = ("decision_id", "decision_time", "policy_version", "verdict", "reasons", "placement_ids", "empty_placements", "advisories", "asked_channels", "action_channels", "pressure")
    class EmptyPlacement(_message.Message):
        __slots__ = ("placement_id", "reason")
        PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
        REASON_FIELD_NUMBER: _ClassVar[int]
        placement_id: str
        reason: _decision_pb2.NoActionReason
        def __init__(self, placement_id: _Optional[str] = ..., reason: _Optional[_Union[_decision_pb2.NoActionReason, str]] = ...) -> None: ...
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_TIME_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    EMPTY_PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    ADVISORIES_FIELD_NUMBER: _ClassVar[int]
    ASKED_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    ACTION_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PRESSURE_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    decision_time: _timestamp_pb2.Timestamp
    policy_version: str
    verdict: WhyNotVerdict
    reasons: _containers.RepeatedCompositeFieldContainer[_stage_pb2.Dropped]
    placement_ids: _containers.RepeatedScalarFieldContainer[str]
    empty_placements: _containers.RepeatedCompositeFieldContainer[WhyNotDecision.EmptyPlacement]
    advisories: _containers.RepeatedScalarFieldContainer[str]
    asked_channels: _containers.RepeatedScalarFieldContainer[str]
    action_channels: _containers.RepeatedScalarFieldContainer[str]
    pressure: _arbitration_pb2.PressureStanding
    def __init__(self, decision_id: _Optional[str] = ..., decision_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., policy_version: _Optional[str] = ..., verdict: _Optional[_Union[WhyNotVerdict, str]] = ..., reasons: _Optional[_Iterable[_Union[_stage_pb2.Dropped, _Mapping]]] = ..., placement_ids: _Optional[_Iterable[str]] = ..., empty_placements: _Optional[_Iterable[_Union[WhyNotDecision.EmptyPlacement, _Mapping]]] = ..., advisories: _Optional[_Iterable[str]] = ..., asked_channels: _Optional[_Iterable[str]] = ..., action_channels: _Optional[_Iterable[str]] = ..., pressure: _Optional[_Union[_arbitration_pb2.PressureStanding, _Mapping]] = ...) -> None: ...

class WhyNotResponse(_message.Message):
    __slots__ = ("decisions", "person_known", "action_declared", "earlier_decision_time", "latest_decision_time")
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    PERSON_KNOWN_FIELD_NUMBER: _ClassVar[int]
    ACTION_DECLARED_FIELD_NUMBER: _ClassVar[int]
    EARLIER_DECISION_TIME_FIELD_NUMBER: _ClassVar[int]
    LATEST_DECISION_TIME_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[WhyNotDecision]
    person_known: bool
    action_declared: bool
    earlier_decision_time: _timestamp_pb2.Timestamp
    latest_decision_time: _timestamp_pb2.Timestamp
    def __init__(self, decisions: _Optional[_Iterable[_Union[WhyNotDecision, _Mapping]]] = ..., person_known: _Optional[bool] = ..., action_declared: _Optional[bool] = ..., earlier_decision_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., latest_decision_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
