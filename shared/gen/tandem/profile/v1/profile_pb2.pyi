import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import subject_pb2 as _subject_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.profile.v1 import consent_pb2 as _consent_pb2
from tandem.profile.v1 import contact_pb2 as _contact_pb2
from tandem.profile.v1 import trait_pb2 as _trait_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Profile(_message.Message):
    __slots__ = ("profile_id", "identities", "known", "traits", "aggregates", "feature_statuses", "consents", "create_time", "update_time", "merged_profile_ids", "contacts", "contact_limits")
    class TraitsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _trait_pb2.Trait
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_trait_pb2.Trait, _Mapping]] = ...) -> None: ...
    class AggregatesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Feature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
    class FeatureStatusesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.FeatureStatus
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.FeatureStatus, str]] = ...) -> None: ...
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITIES_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    TRAITS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATES_FIELD_NUMBER: _ClassVar[int]
    FEATURE_STATUSES_FIELD_NUMBER: _ClassVar[int]
    CONSENTS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    MERGED_PROFILE_IDS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    CONTACT_LIMITS_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    identities: _containers.RepeatedCompositeFieldContainer[_subject_pb2.Identity]
    known: bool
    traits: _containers.MessageMap[str, _trait_pb2.Trait]
    aggregates: _containers.MessageMap[str, _value_pb2.Feature]
    feature_statuses: _containers.ScalarMap[str, _value_pb2.FeatureStatus]
    consents: _containers.RepeatedCompositeFieldContainer[_consent_pb2.Consent]
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    merged_profile_ids: _containers.RepeatedScalarFieldContainer[str]
    contacts: _containers.RepeatedCompositeFieldContainer[_contact_pb2.LedgerEntry]
    contact_limits: _containers.RepeatedCompositeFieldContainer[_contact_pb2.LimitStatus]
    def __init__(self, profile_id: _Optional[str] = ..., identities: _Optional[_Iterable[_Union[_subject_pb2.Identity, _Mapping]]] = ..., known: _Optional[bool] = ..., traits: _Optional[_Mapping[str, _trait_pb2.Trait]] = ..., aggregates: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., feature_statuses: _Optional[_Mapping[str, _value_pb2.FeatureStatus]] = ..., consents: _Optional[_Iterable[_Union[_consent_pb2.Consent, _Mapping]]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., merged_profile_ids: _Optional[_Iterable[str]] = ..., contacts: _Optional[_Iterable[_Union[_contact_pb2.LedgerEntry, _Mapping]]] = ..., contact_limits: _Optional[_Iterable[_Union[_contact_pb2.LimitStatus, _Mapping]]] = ...) -> None: ...
