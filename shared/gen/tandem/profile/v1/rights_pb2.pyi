import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import subject_pb2 as _subject_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExportSubjectRequest(_message.Message):
    __slots__ = ("subject",)
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    subject: _subject_pb2.Subject
    def __init__(self, subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ...) -> None: ...

class ExportSubjectResponse(_message.Message):
    __slots__ = ("lines",)
    LINES_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lines: _Optional[_Iterable[str]] = ...) -> None: ...

class EraseSubjectRequest(_message.Message):
    __slots__ = ("request_id", "subject", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    subject: _subject_pb2.Subject
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class EraseSubjectResponse(_message.Message):
    __slots__ = ("erasure_id", "profile_ids", "consistency_token")
    ERASURE_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_IDS_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    erasure_id: str
    profile_ids: _containers.RepeatedScalarFieldContainer[str]
    consistency_token: _subject_pb2.ConsistencyToken
    def __init__(self, erasure_id: _Optional[str] = ..., profile_ids: _Optional[_Iterable[str]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ...) -> None: ...

class ReadmitSubjectRequest(_message.Message):
    __slots__ = ("request_id", "subject", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    subject: _subject_pb2.Subject
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ReadmitSubjectResponse(_message.Message):
    __slots__ = ("readmitted_count", "consistency_token")
    READMITTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    readmitted_count: int
    consistency_token: _subject_pb2.ConsistencyToken
    def __init__(self, readmitted_count: _Optional[int] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ...) -> None: ...

class TailErasuresRequest(_message.Message):
    __slots__ = ("after_position", "follow")
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    after_position: str
    follow: bool
    def __init__(self, after_position: _Optional[str] = ..., follow: _Optional[bool] = ...) -> None: ...

class TailErasuresResponse(_message.Message):
    __slots__ = ("erasures",)
    class Erasure(_message.Message):
        __slots__ = ("position", "erasure_id", "profile_ids", "erase_time")
        POSITION_FIELD_NUMBER: _ClassVar[int]
        ERASURE_ID_FIELD_NUMBER: _ClassVar[int]
        PROFILE_IDS_FIELD_NUMBER: _ClassVar[int]
        ERASE_TIME_FIELD_NUMBER: _ClassVar[int]
        position: str
        erasure_id: str
        profile_ids: _containers.RepeatedScalarFieldContainer[str]
        erase_time: _timestamp_pb2.Timestamp
        def __init__(self, position: _Optional[str] = ..., erasure_id: _Optional[str] = ..., profile_ids: _Optional[_Iterable[str]] = ..., erase_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    ERASURES_FIELD_NUMBER: _ClassVar[int]
    erasures: _containers.RepeatedCompositeFieldContainer[TailErasuresResponse.Erasure]
    def __init__(self, erasures: _Optional[_Iterable[_Union[TailErasuresResponse.Erasure, _Mapping]]] = ...) -> None: ...

class ListChangesRequest(_message.Message):
    __slots__ = ("subject", "page_size", "page_token")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    subject: _subject_pb2.Subject
    page_size: int
    page_token: str
    def __init__(self, subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ChangeRecord(_message.Message):
    __slots__ = ("change_time", "rpc", "request_id", "actor", "touched")
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    RPC_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TOUCHED_FIELD_NUMBER: _ClassVar[int]
    change_time: _timestamp_pb2.Timestamp
    rpc: str
    request_id: str
    actor: str
    touched: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rpc: _Optional[str] = ..., request_id: _Optional[str] = ..., actor: _Optional[str] = ..., touched: _Optional[_Iterable[str]] = ...) -> None: ...

class ListChangesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[ChangeRecord]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[ChangeRecord, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
