import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.type import money_pb2 as _money_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_PENDING: _ClassVar[Outcome]
    OUTCOME_SENT: _ClassVar[Outcome]
    OUTCOME_DELIVERED: _ClassVar[Outcome]
    OUTCOME_IMPRESSION: _ClassVar[Outcome]
    OUTCOME_OPENED: _ClassVar[Outcome]
    OUTCOME_CLICKED: _ClassVar[Outcome]
    OUTCOME_PRESENTED: _ClassVar[Outcome]
    OUTCOME_NOT_PRESENTED: _ClassVar[Outcome]
    OUTCOME_ACCEPTED: _ClassVar[Outcome]
    OUTCOME_DEFERRED: _ClassVar[Outcome]
    OUTCOME_DISMISSED: _ClassVar[Outcome]
    OUTCOME_REJECTED: _ClassVar[Outcome]
    OUTCOME_IGNORED: _ClassVar[Outcome]
    OUTCOME_CONVERTED: _ClassVar[Outcome]
    OUTCOME_REDEEMED: _ClassVar[Outcome]
    OUTCOME_RETURNED: _ClassVar[Outcome]
    OUTCOME_UNSUBSCRIBED: _ClassVar[Outcome]
    OUTCOME_COMPLAINED: _ClassVar[Outcome]
    OUTCOME_BOUNCED: _ClassVar[Outcome]
    OUTCOME_FAILED: _ClassVar[Outcome]
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_PENDING: Outcome
OUTCOME_SENT: Outcome
OUTCOME_DELIVERED: Outcome
OUTCOME_IMPRESSION: Outcome
OUTCOME_OPENED: Outcome
OUTCOME_CLICKED: Outcome
OUTCOME_PRESENTED: Outcome
OUTCOME_NOT_PRESENTED: Outcome
OUTCOME_ACCEPTED: Outcome
OUTCOME_DEFERRED: Outcome
OUTCOME_DISMISSED: Outcome
OUTCOME_REJECTED: Outcome
OUTCOME_IGNORED: Outcome
OUTCOME_CONVERTED: Outcome
OUTCOME_REDEEMED: Outcome
OUTCOME_RETURNED: Outcome
OUTCOME_UNSUBSCRIBED: Outcome
OUTCOME_COMPLAINED: Outcome
OUTCOME_BOUNCED: Outcome
OUTCOME_FAILED: Outcome

class OffPolicyPresentation(_message.Message):
    __slots__ = ("decision_id", "placement_id", "action", "channel", "choice_probability")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CHOICE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    placement_id: str
    action: str
    channel: str
    choice_probability: float
    def __init__(self, decision_id: _Optional[str] = ..., placement_id: _Optional[str] = ..., action: _Optional[str] = ..., channel: _Optional[str] = ..., choice_probability: _Optional[float] = ...) -> None: ...

class OutcomeItem(_message.Message):
    __slots__ = ("idempotency_key", "proposition_id", "tracking_token", "off_policy", "outcome", "outcome_time", "revenue", "is_machine", "agent_id", "disposition")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    PROPOSITION_ID_FIELD_NUMBER: _ClassVar[int]
    TRACKING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    OFF_POLICY_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_TIME_FIELD_NUMBER: _ClassVar[int]
    REVENUE_FIELD_NUMBER: _ClassVar[int]
    IS_MACHINE_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    DISPOSITION_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    proposition_id: str
    tracking_token: str
    off_policy: OffPolicyPresentation
    outcome: Outcome
    outcome_time: _timestamp_pb2.Timestamp
    revenue: _money_pb2.Money
    is_machine: bool
    agent_id: str
    disposition: str
    def __init__(self, idempotency_key: _Optional[str] = ..., proposition_id: _Optional[str] = ..., tracking_token: _Optional[str] = ..., off_policy: _Optional[_Union[OffPolicyPresentation, _Mapping]] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., outcome_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revenue: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., is_machine: _Optional[bool] = ..., agent_id: _Optional[str] = ..., disposition: _Optional[str] = ...) -> None: ...
