import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from tandem.common.v1 import subject_pb2 as _subject_pb2
from tandem.profile.v1 import consent_pb2 as _consent_pb2
from tandem.profile.v1 import contact_ledger_pb2 as _contact_ledger_pb2
from tandem.profile.v1 import event_pb2 as _event_pb2
from tandem.profile.v1 import identity_graph_pb2 as _identity_graph_pb2
from tandem.profile.v1 import profile_pb2 as _profile_pb2
from tandem.profile.v1 import rights_pb2 as _rights_pb2
from tandem.profile.v1 import search_pb2 as _search_pb2
from tandem.profile.v1 import trait_pb2 as _trait_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ItemStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ITEM_STATUS_UNSPECIFIED: _ClassVar[ItemStatus]
    ITEM_STATUS_RECORDED: _ClassVar[ItemStatus]
    ITEM_STATUS_DUPLICATE: _ClassVar[ItemStatus]
    ITEM_STATUS_NO_BASIS: _ClassVar[ItemStatus]
    ITEM_STATUS_ERASED: _ClassVar[ItemStatus]
    ITEM_STATUS_PAST_RETENTION: _ClassVar[ItemStatus]
ITEM_STATUS_UNSPECIFIED: ItemStatus
ITEM_STATUS_RECORDED: ItemStatus
ITEM_STATUS_DUPLICATE: ItemStatus
ITEM_STATUS_NO_BASIS: ItemStatus
ITEM_STATUS_ERASED: ItemStatus
ITEM_STATUS_PAST_RETENTION: ItemStatus

class GetProfileRequest(_message.Message):
    __slots__ = ("subject", "consistency_token", "read_time", "schema_version", "overlay_events", "overlay_signals", "earliest_read_time", "contacts_within")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    OVERLAY_EVENTS_FIELD_NUMBER: _ClassVar[int]
    OVERLAY_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    EARLIEST_READ_TIME_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_WITHIN_FIELD_NUMBER: _ClassVar[int]
    subject: _subject_pb2.Subject
    consistency_token: _subject_pb2.ConsistencyToken
    read_time: _timestamp_pb2.Timestamp
    schema_version: str
    overlay_events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    overlay_signals: _consent_pb2.ConsentSignals
    earliest_read_time: _timestamp_pb2.Timestamp
    contacts_within: _duration_pb2.Duration
    def __init__(self, subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., schema_version: _Optional[str] = ..., overlay_events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., overlay_signals: _Optional[_Union[_consent_pb2.ConsentSignals, _Mapping]] = ..., earliest_read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., contacts_within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetProfileResponse(_message.Message):
    __slots__ = ("profile", "advisories", "consistency_token", "held_identities")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    ADVISORIES_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    HELD_IDENTITIES_FIELD_NUMBER: _ClassVar[int]
    profile: _profile_pb2.Profile
    advisories: _containers.RepeatedScalarFieldContainer[str]
    consistency_token: _subject_pb2.ConsistencyToken
    held_identities: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, profile: _Optional[_Union[_profile_pb2.Profile, _Mapping]] = ..., advisories: _Optional[_Iterable[str]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., held_identities: _Optional[_Iterable[int]] = ...) -> None: ...

class BatchGetProfilesRequest(_message.Message):
    __slots__ = ("requests",)
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[GetProfileRequest]
    def __init__(self, requests: _Optional[_Iterable[_Union[GetProfileRequest, _Mapping]]] = ...) -> None: ...

class BatchGetProfilesResponse(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("result", "error")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        result: GetProfileResponse
        error: _status_pb2.Status
        def __init__(self, result: _Optional[_Union[GetProfileResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchGetProfilesResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchGetProfilesResponse.Item, _Mapping]]] = ...) -> None: ...

class UpsertTraitsRequest(_message.Message):
    __slots__ = ("request_id", "subject", "traits")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TRAITS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    subject: _subject_pb2.Subject
    traits: _containers.RepeatedCompositeFieldContainer[_trait_pb2.Trait]
    def __init__(self, request_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., traits: _Optional[_Iterable[_Union[_trait_pb2.Trait, _Mapping]]] = ...) -> None: ...

class UpsertTraitsResponse(_message.Message):
    __slots__ = ("profile_id", "consistency_token", "advisories", "trait_statuses")
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ADVISORIES_FIELD_NUMBER: _ClassVar[int]
    TRAIT_STATUSES_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    consistency_token: _subject_pb2.ConsistencyToken
    advisories: _containers.RepeatedScalarFieldContainer[str]
    trait_statuses: _containers.RepeatedScalarFieldContainer[ItemStatus]
    def __init__(self, profile_id: _Optional[str] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., advisories: _Optional[_Iterable[str]] = ..., trait_statuses: _Optional[_Iterable[_Union[ItemStatus, str]]] = ...) -> None: ...

class BatchUpsertTraitsRequest(_message.Message):
    __slots__ = ("request_id", "items")
    class Item(_message.Message):
        __slots__ = ("subject", "traits")
        SUBJECT_FIELD_NUMBER: _ClassVar[int]
        TRAITS_FIELD_NUMBER: _ClassVar[int]
        subject: _subject_pb2.Subject
        traits: _containers.RepeatedCompositeFieldContainer[_trait_pb2.Trait]
        def __init__(self, subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., traits: _Optional[_Iterable[_Union[_trait_pb2.Trait, _Mapping]]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    items: _containers.RepeatedCompositeFieldContainer[BatchUpsertTraitsRequest.Item]
    def __init__(self, request_id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[BatchUpsertTraitsRequest.Item, _Mapping]]] = ...) -> None: ...

class BatchUpsertTraitsResponse(_message.Message):
    __slots__ = ("items", "consistency_token")
    class Item(_message.Message):
        __slots__ = ("result", "error")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        result: UpsertTraitsResponse
        error: _status_pb2.Status
        def __init__(self, result: _Optional[_Union[UpsertTraitsResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchUpsertTraitsResponse.Item]
    consistency_token: _subject_pb2.ConsistencyToken
    def __init__(self, items: _Optional[_Iterable[_Union[BatchUpsertTraitsResponse.Item, _Mapping]]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ...) -> None: ...

class RecordEventsRequest(_message.Message):
    __slots__ = ("request_id", "events")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    def __init__(self, request_id: _Optional[str] = ..., events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ...) -> None: ...

class RecordEventsResponse(_message.Message):
    __slots__ = ("results", "consistency_token")
    class Result(_message.Message):
        __slots__ = ("event_id", "profile_id", "duplicate", "advisories", "status")
        EVENT_ID_FIELD_NUMBER: _ClassVar[int]
        PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
        DUPLICATE_FIELD_NUMBER: _ClassVar[int]
        ADVISORIES_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        event_id: str
        profile_id: str
        duplicate: bool
        advisories: _containers.RepeatedScalarFieldContainer[str]
        status: ItemStatus
        def __init__(self, event_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., duplicate: _Optional[bool] = ..., advisories: _Optional[_Iterable[str]] = ..., status: _Optional[_Union[ItemStatus, str]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[RecordEventsResponse.Result]
    consistency_token: _subject_pb2.ConsistencyToken
    def __init__(self, results: _Optional[_Iterable[_Union[RecordEventsResponse.Result, _Mapping]]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ...) -> None: ...

class TailEventsRequest(_message.Message):
    __slots__ = ("after_position", "types", "follow", "from_end", "tell_end")
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    FROM_END_FIELD_NUMBER: _ClassVar[int]
    TELL_END_FIELD_NUMBER: _ClassVar[int]
    after_position: str
    types: _containers.RepeatedScalarFieldContainer[str]
    follow: bool
    from_end: bool
    tell_end: bool
    def __init__(self, after_position: _Optional[str] = ..., types: _Optional[_Iterable[str]] = ..., follow: _Optional[bool] = ..., from_end: _Optional[bool] = ..., tell_end: _Optional[bool] = ...) -> None: ...

class TailEventsResponse(_message.Message):
    __slots__ = ("events", "position")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.RecordedEvent]
    position: str
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.RecordedEvent, _Mapping]]] = ..., position: _Optional[str] = ...) -> None: ...

class SetConsentRequest(_message.Message):
    __slots__ = ("request_id", "subject", "consent")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    subject: _subject_pb2.Subject
    consent: _consent_pb2.Consent
    def __init__(self, request_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., consent: _Optional[_Union[_consent_pb2.Consent, _Mapping]] = ...) -> None: ...

class SetConsentResponse(_message.Message):
    __slots__ = ("profile_id", "consent", "consistency_token", "advisories")
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ADVISORIES_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    consent: _consent_pb2.Consent
    consistency_token: _subject_pb2.ConsistencyToken
    advisories: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, profile_id: _Optional[str] = ..., consent: _Optional[_Union[_consent_pb2.Consent, _Mapping]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., advisories: _Optional[_Iterable[str]] = ...) -> None: ...

class RecordConsentSignalsRequest(_message.Message):
    __slots__ = ("request_id", "subject", "tcf_string", "gpc", "observed_time", "jurisdiction")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TCF_STRING_FIELD_NUMBER: _ClassVar[int]
    GPC_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_TIME_FIELD_NUMBER: _ClassVar[int]
    JURISDICTION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    subject: _subject_pb2.Subject
    tcf_string: str
    gpc: bool
    observed_time: _timestamp_pb2.Timestamp
    jurisdiction: str
    def __init__(self, request_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., tcf_string: _Optional[str] = ..., gpc: _Optional[bool] = ..., observed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., jurisdiction: _Optional[str] = ...) -> None: ...

class RecordConsentSignalsResponse(_message.Message):
    __slots__ = ("profile_id", "consents", "consistency_token", "advisories")
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSENTS_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ADVISORIES_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    consents: _containers.RepeatedCompositeFieldContainer[_consent_pb2.Consent]
    consistency_token: _subject_pb2.ConsistencyToken
    advisories: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, profile_id: _Optional[str] = ..., consents: _Optional[_Iterable[_Union[_consent_pb2.Consent, _Mapping]]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., advisories: _Optional[_Iterable[str]] = ...) -> None: ...

class ListConsentsRequest(_message.Message):
    __slots__ = ("subject", "page_size", "page_token", "include_history", "consent_time")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_HISTORY_FIELD_NUMBER: _ClassVar[int]
    CONSENT_TIME_FIELD_NUMBER: _ClassVar[int]
    subject: _subject_pb2.Subject
    page_size: int
    page_token: str
    include_history: bool
    consent_time: _timestamp_pb2.Timestamp
    def __init__(self, subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_history: _Optional[bool] = ..., consent_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListConsentsResponse(_message.Message):
    __slots__ = ("consents", "next_page_token")
    CONSENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    consents: _containers.RepeatedCompositeFieldContainer[_consent_pb2.Consent]
    next_page_token: str
    def __init__(self, consents: _Optional[_Iterable[_Union[_consent_pb2.Consent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class PublishTraitSchemaRequest(_message.Message):
    __slots__ = ("request_id", "schema", "activate")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    ACTIVATE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    schema: _trait_pb2.TraitSchema
    activate: bool
    def __init__(self, request_id: _Optional[str] = ..., schema: _Optional[_Union[_trait_pb2.TraitSchema, _Mapping]] = ..., activate: _Optional[bool] = ...) -> None: ...

class PublishTraitSchemaResponse(_message.Message):
    __slots__ = ("schema_version",)
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    schema_version: str
    def __init__(self, schema_version: _Optional[str] = ...) -> None: ...
