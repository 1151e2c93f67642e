import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ContactEvent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTACT_EVENT_UNSPECIFIED: _ClassVar[ContactEvent]
    CONTACT_EVENT_RESERVED: _ClassVar[ContactEvent]
    CONTACT_EVENT_ATTEMPTED: _ClassVar[ContactEvent]
    CONTACT_EVENT_DELIVERED: _ClassVar[ContactEvent]
    CONTACT_EVENT_IMPRESSION: _ClassVar[ContactEvent]

class ContactResponse(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTACT_RESPONSE_UNSPECIFIED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_CLICKED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_ACCEPTED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_DEFERRED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_DISMISSED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_REJECTED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_IGNORED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_CONVERTED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_REDEEMED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_UNSUBSCRIBED: _ClassVar[ContactResponse]
    CONTACT_RESPONSE_COMPLAINED: _ClassVar[ContactResponse]

class CalendarUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CALENDAR_UNIT_UNSPECIFIED: _ClassVar[CalendarUnit]
    CALENDAR_UNIT_HOUR: _ClassVar[CalendarUnit]
    CALENDAR_UNIT_DAY: _ClassVar[CalendarUnit]
    CALENDAR_UNIT_WEEK: _ClassVar[CalendarUnit]
    CALENDAR_UNIT_MONTH: _ClassVar[CalendarUnit]
    CALENDAR_UNIT_YEAR: _ClassVar[CalendarUnit]

class LimitScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIMIT_SCOPE_UNSPECIFIED: _ClassVar[LimitScope]
    LIMIT_SCOPE_CHANNEL: _ClassVar[LimitScope]
    LIMIT_SCOPE_ISSUE: _ClassVar[LimitScope]
    LIMIT_SCOPE_GROUP: _ClassVar[LimitScope]
    LIMIT_SCOPE_ACTION: _ClassVar[LimitScope]
    LIMIT_SCOPE_CAMPAIGN: _ClassVar[LimitScope]

class ContactState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTACT_STATE_UNSPECIFIED: _ClassVar[ContactState]
    CONTACT_STATE_RESERVED: _ClassVar[ContactState]
    CONTACT_STATE_ATTEMPTED: _ClassVar[ContactState]
    CONTACT_STATE_DELIVERED: _ClassVar[ContactState]
    CONTACT_STATE_SEEN: _ClassVar[ContactState]
    CONTACT_STATE_RELEASED: _ClassVar[ContactState]
    CONTACT_STATE_FAILED: _ClassVar[ContactState]
    CONTACT_STATE_EXPIRED: _ClassVar[ContactState]
CONTACT_EVENT_UNSPECIFIED: ContactEvent
CONTACT_EVENT_RESERVED: ContactEvent
CONTACT_EVENT_ATTEMPTED: ContactEvent
CONTACT_EVENT_DELIVERED: ContactEvent
CONTACT_EVENT_IMPRESSION: ContactEvent
CONTACT_RESPONSE_UNSPECIFIED: ContactResponse
CONTACT_RESPONSE_CLICKED: ContactResponse
CONTACT_RESPONSE_ACCEPTED: ContactResponse
CONTACT_RESPONSE_DEFERRED: ContactResponse
CONTACT_RESPONSE_DISMISSED: ContactResponse
CONTACT_RESPONSE_REJECTED: ContactResponse
CONTACT_RESPONSE_IGNORED: ContactResponse
CONTACT_RESPONSE_CONVERTED: ContactResponse
CONTACT_RESPONSE_REDEEMED: ContactResponse
CONTACT_RESPONSE_UNSUBSCRIBED: ContactResponse
CONTACT_RESPONSE_COMPLAINED: ContactResponse
CALENDAR_UNIT_UNSPECIFIED: CalendarUnit
CALENDAR_UNIT_HOUR: CalendarUnit
CALENDAR_UNIT_DAY: CalendarUnit
CALENDAR_UNIT_WEEK: CalendarUnit
CALENDAR_UNIT_MONTH: CalendarUnit
CALENDAR_UNIT_YEAR: CalendarUnit
LIMIT_SCOPE_UNSPECIFIED: LimitScope
LIMIT_SCOPE_CHANNEL: LimitScope
LIMIT_SCOPE_ISSUE: LimitScope
LIMIT_SCOPE_GROUP: LimitScope
LIMIT_SCOPE_ACTION: LimitScope
LIMIT_SCOPE_CAMPAIGN: LimitScope
CONTACT_STATE_UNSPECIFIED: ContactState
CONTACT_STATE_RESERVED: ContactState
CONTACT_STATE_ATTEMPTED: ContactState
CONTACT_STATE_DELIVERED: ContactState
CONTACT_STATE_SEEN: ContactState
CONTACT_STATE_RELEASED: ContactState
CONTACT_STATE_FAILED: ContactState
CONTACT_STATE_EXPIRED: ContactState

class ContactLimit(_message.Message):
    __slots__ = ("limit_id", "max", "window", "calendar", "counts", "channels", "direction", "message_class", "issues", "groups", "actions", "campaigns", "scope", "responses", "pause")
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    ISSUES_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGNS_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    limit_id: str
    max: int
    window: _duration_pb2.Duration
    calendar: CalendarUnit
    counts: ContactEvent
    channels: _containers.RepeatedScalarFieldContainer[str]
    direction: str
    message_class: str
    issues: _containers.RepeatedScalarFieldContainer[str]
    groups: _containers.RepeatedScalarFieldContainer[str]
    actions: _containers.RepeatedScalarFieldContainer[str]
    campaigns: _containers.RepeatedScalarFieldContainer[str]
    scope: LimitScope
    responses: _containers.RepeatedScalarFieldContainer[ContactResponse]
    pause: _duration_pb2.Duration
    def __init__(self, limit_id: _Optional[str] = ..., max: _Optional[int] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., calendar: _Optional[_Union[CalendarUnit, str]] = ..., counts: _Optional[_Union[ContactEvent, str]] = ..., channels: _Optional[_Iterable[str]] = ..., direction: _Optional[str] = ..., message_class: _Optional[str] = ..., issues: _Optional[_Iterable[str]] = ..., groups: _Optional[_Iterable[str]] = ..., actions: _Optional[_Iterable[str]] = ..., campaigns: _Optional[_Iterable[str]] = ..., scope: _Optional[_Union[LimitScope, str]] = ..., responses: _Optional[_Iterable[_Union[ContactResponse, str]]] = ..., pause: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Contact(_message.Message):
    __slots__ = ("channel", "direction", "message_class", "issue", "group", "action", "treatment", "campaign", "reference", "send_time")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    ISSUE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SEND_TIME_FIELD_NUMBER: _ClassVar[int]
    channel: str
    direction: str
    message_class: str
    issue: str
    group: str
    action: str
    treatment: str
    campaign: str
    reference: str
    send_time: _timestamp_pb2.Timestamp
    def __init__(self, channel: _Optional[str] = ..., direction: _Optional[str] = ..., message_class: _Optional[str] = ..., issue: _Optional[str] = ..., group: _Optional[str] = ..., action: _Optional[str] = ..., treatment: _Optional[str] = ..., campaign: _Optional[str] = ..., reference: _Optional[str] = ..., send_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LedgerEntry(_message.Message):
    __slots__ = ("reservation_id", "contact", "state", "reserve_time", "expire_time", "attempt_time", "delivery_time", "impression_time", "end_time", "responses")
    class Response(_message.Message):
        __slots__ = ("response", "response_time")
        RESPONSE_FIELD_NUMBER: _ClassVar[int]
        RESPONSE_TIME_FIELD_NUMBER: _ClassVar[int]
        response: ContactResponse
        response_time: _timestamp_pb2.Timestamp
        def __init__(self, response: _Optional[_Union[ContactResponse, str]] = ..., response_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RESERVE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_TIME_FIELD_NUMBER: _ClassVar[int]
    IMPRESSION_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    contact: Contact
    state: ContactState
    reserve_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    attempt_time: _timestamp_pb2.Timestamp
    delivery_time: _timestamp_pb2.Timestamp
    impression_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    responses: _containers.RepeatedCompositeFieldContainer[LedgerEntry.Response]
    def __init__(self, reservation_id: _Optional[str] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ..., state: _Optional[_Union[ContactState, str]] = ..., reserve_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempt_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delivery_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., impression_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., responses: _Optional[_Iterable[_Union[LedgerEntry.Response, _Mapping]]] = ...) -> None: ...

class LimitStatus(_message.Message):
    __slots__ = ("limit_id", "max", "used", "remaining", "next_slot_time", "counted")
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    NEXT_SLOT_TIME_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    limit_id: str
    max: int
    used: int
    remaining: int
    next_slot_time: _timestamp_pb2.Timestamp
    counted: str
    def __init__(self, limit_id: _Optional[str] = ..., max: _Optional[int] = ..., used: _Optional[int] = ..., remaining: _Optional[int] = ..., next_slot_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., counted: _Optional[str] = ...) -> None: ...
