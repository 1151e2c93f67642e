import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import subject_pb2 as _subject_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MergeEventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MERGE_EVENT_KIND_UNSPECIFIED: _ClassVar[MergeEventKind]
    MERGE_EVENT_KIND_MERGED: _ClassVar[MergeEventKind]
    MERGE_EVENT_KIND_UNMERGED: _ClassVar[MergeEventKind]
    MERGE_EVENT_KIND_CONFLICT: _ClassVar[MergeEventKind]
    MERGE_EVENT_KIND_HANDED_OVER: _ClassVar[MergeEventKind]
MERGE_EVENT_KIND_UNSPECIFIED: MergeEventKind
MERGE_EVENT_KIND_MERGED: MergeEventKind
MERGE_EVENT_KIND_UNMERGED: MergeEventKind
MERGE_EVENT_KIND_CONFLICT: MergeEventKind
MERGE_EVENT_KIND_HANDED_OVER: MergeEventKind

class LinkIdentitiesRequest(_message.Message):
    __slots__ = ("request_id", "subject", "link_token", "is_machine", "user_agent")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    LINK_TOKEN_FIELD_NUMBER: _ClassVar[int]
    IS_MACHINE_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    subject: _subject_pb2.Subject
    link_token: str
    is_machine: bool
    user_agent: str
    def __init__(self, request_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., link_token: _Optional[str] = ..., is_machine: _Optional[bool] = ..., user_agent: _Optional[str] = ...) -> None: ...

class LinkIdentitiesResponse(_message.Message):
    __slots__ = ("profile_id", "merged_profile_ids", "consistency_token", "advisories")
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    MERGED_PROFILE_IDS_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ADVISORIES_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    merged_profile_ids: _containers.RepeatedScalarFieldContainer[str]
    consistency_token: _subject_pb2.ConsistencyToken
    advisories: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, profile_id: _Optional[str] = ..., merged_profile_ids: _Optional[_Iterable[str]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., advisories: _Optional[_Iterable[str]] = ...) -> None: ...

class IssueLinkTokenRequest(_message.Message):
    __slots__ = ("subject", "expire_time")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    subject: _subject_pb2.Subject
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class IssueLinkTokenResponse(_message.Message):
    __slots__ = ("link_token", "expire_time")
    LINK_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    link_token: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, link_token: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class MergeProfilesRequest(_message.Message):
    __slots__ = ("request_id", "survivor", "merged", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SURVIVOR_FIELD_NUMBER: _ClassVar[int]
    MERGED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    survivor: _subject_pb2.Subject
    merged: _subject_pb2.Subject
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., survivor: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., merged: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class MergeProfilesResponse(_message.Message):
    __slots__ = ("merge_id", "profile_id", "merged_profile_id", "consistency_token")
    MERGE_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    MERGED_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    merge_id: str
    profile_id: str
    merged_profile_id: str
    consistency_token: _subject_pb2.ConsistencyToken
    def __init__(self, merge_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., merged_profile_id: _Optional[str] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ...) -> None: ...

class UnmergeProfilesRequest(_message.Message):
    __slots__ = ("request_id", "merge_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    MERGE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    merge_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., merge_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class UnmergeProfilesResponse(_message.Message):
    __slots__ = ("profile_id", "restored_profile_id", "consistency_token")
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    RESTORED_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    restored_profile_id: str
    consistency_token: _subject_pb2.ConsistencyToken
    def __init__(self, profile_id: _Optional[str] = ..., restored_profile_id: _Optional[str] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ...) -> None: ...

class MergeEvent(_message.Message):
    __slots__ = ("merge_event_id", "kind", "merge_id", "profile_id", "other_profile_id", "event_time", "cause", "reason", "identities")
    MERGE_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MERGE_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    OTHER_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    IDENTITIES_FIELD_NUMBER: _ClassVar[int]
    merge_event_id: str
    kind: MergeEventKind
    merge_id: str
    profile_id: str
    other_profile_id: str
    event_time: _timestamp_pb2.Timestamp
    cause: str
    reason: str
    identities: _containers.RepeatedCompositeFieldContainer[_subject_pb2.Identity]
    def __init__(self, merge_event_id: _Optional[str] = ..., kind: _Optional[_Union[MergeEventKind, str]] = ..., merge_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., other_profile_id: _Optional[str] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cause: _Optional[str] = ..., reason: _Optional[str] = ..., identities: _Optional[_Iterable[_Union[_subject_pb2.Identity, _Mapping]]] = ...) -> None: ...

class ListMergeHistoryRequest(_message.Message):
    __slots__ = ("subject", "page_size", "page_token")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    subject: _subject_pb2.Subject
    page_size: int
    page_token: str
    def __init__(self, subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListMergeHistoryResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[MergeEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[MergeEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
