import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import subject_pb2 as _subject_pb2
from tandem.profile.v1 import contact_pb2 as _contact_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReserveContactRequest(_message.Message):
    __slots__ = ("request_id", "subject", "contacts", "ttl", "reached", "schema_version", "limit_ids", "create_profile", "stop_at_refusal")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    REACHED_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    LIMIT_IDS_FIELD_NUMBER: _ClassVar[int]
    CREATE_PROFILE_FIELD_NUMBER: _ClassVar[int]
    STOP_AT_REFUSAL_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    subject: _subject_pb2.Subject
    contacts: _containers.RepeatedCompositeFieldContainer[_contact_pb2.Contact]
    ttl: _duration_pb2.Duration
    reached: _contact_pb2.ContactEvent
    schema_version: str
    limit_ids: _containers.RepeatedScalarFieldContainer[str]
    create_profile: bool
    stop_at_refusal: bool
    def __init__(self, request_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., contacts: _Optional[_Iterable[_Union[_contact_pb2.Contact, _Mapping]]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., reached: _Optional[_Union[_contact_pb2.ContactEvent, str]] = ..., schema_version: _Optional[str] = ..., limit_ids: _Optional[_Iterable[str]] = ..., create_profile: _Optional[bool] = ..., stop_at_refusal: _Optional[bool] = ...) -> None: ...

class ReserveContactResponse(_message.Message):
    __slots__ = ("results", "profile_id", "consistency_token", "advisories")
    class Refusal(_message.Message):
        __slots__ = ("limits", "next_slot_time")
        LIMITS_FIELD_NUMBER: _ClassVar[int]
        NEXT_SLOT_TIME_FIELD_NUMBER: _ClassVar[int]
        limits: _containers.RepeatedCompositeFieldContainer[_contact_pb2.LimitStatus]
        next_slot_time: _timestamp_pb2.Timestamp
        def __init__(self, limits: _Optional[_Iterable[_Union[_contact_pb2.LimitStatus, _Mapping]]] = ..., next_slot_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    class Result(_message.Message):
        __slots__ = ("granted", "refused")
        GRANTED_FIELD_NUMBER: _ClassVar[int]
        REFUSED_FIELD_NUMBER: _ClassVar[int]
        granted: _contact_pb2.LedgerEntry
        refused: ReserveContactResponse.Refusal
        def __init__(self, granted: _Optional[_Union[_contact_pb2.LedgerEntry, _Mapping]] = ..., refused: _Optional[_Union[ReserveContactResponse.Refusal, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ADVISORIES_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ReserveContactResponse.Result]
    profile_id: str
    consistency_token: _subject_pb2.ConsistencyToken
    advisories: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, results: _Optional[_Iterable[_Union[ReserveContactResponse.Result, _Mapping]]] = ..., profile_id: _Optional[str] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., advisories: _Optional[_Iterable[str]] = ...) -> None: ...

class ConfirmContactRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id", "reached", "event_time", "response")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    REACHED_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    reached: _contact_pb2.ContactEvent
    event_time: _timestamp_pb2.Timestamp
    response: _contact_pb2.ContactResponse
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ..., reached: _Optional[_Union[_contact_pb2.ContactEvent, str]] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., response: _Optional[_Union[_contact_pb2.ContactResponse, str]] = ...) -> None: ...

class ConfirmContactResponse(_message.Message):
    __slots__ = ("entry", "consistency_token")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entry: _contact_pb2.LedgerEntry
    consistency_token: _subject_pb2.ConsistencyToken
    def __init__(self, entry: _Optional[_Union[_contact_pb2.LedgerEntry, _Mapping]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ...) -> None: ...

class ReleaseContactRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ...) -> None: ...

class ReleaseContactResponse(_message.Message):
    __slots__ = ("entry", "consistency_token")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entry: _contact_pb2.LedgerEntry
    consistency_token: _subject_pb2.ConsistencyToken
    def __init__(self, entry: _Optional[_Union[_contact_pb2.LedgerEntry, _Mapping]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ...) -> None: ...

class GetContactLedgerRequest(_message.Message):
    __slots__ = ("subject", "contact", "read_time", "schema_version", "consistency_token", "page_size", "page_token")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    subject: _subject_pb2.Subject
    contact: _contact_pb2.Contact
    read_time: _timestamp_pb2.Timestamp
    schema_version: str
    consistency_token: _subject_pb2.ConsistencyToken
    page_size: int
    page_token: str
    def __init__(self, subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., contact: _Optional[_Union[_contact_pb2.Contact, _Mapping]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., schema_version: _Optional[str] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class GetContactLedgerResponse(_message.Message):
    __slots__ = ("profile_id", "limits", "entries", "next_page_token", "time_zone")
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    limits: _containers.RepeatedCompositeFieldContainer[_contact_pb2.LimitStatus]
    entries: _containers.RepeatedCompositeFieldContainer[_contact_pb2.LedgerEntry]
    next_page_token: str
    time_zone: str
    def __init__(self, profile_id: _Optional[str] = ..., limits: _Optional[_Iterable[_Union[_contact_pb2.LimitStatus, _Mapping]]] = ..., entries: _Optional[_Iterable[_Union[_contact_pb2.LedgerEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., time_zone: _Optional[str] = ...) -> None: ...
