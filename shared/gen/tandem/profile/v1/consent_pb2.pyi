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

class ConsentStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSENT_STATUS_UNSPECIFIED: _ClassVar[ConsentStatus]
    CONSENT_STATUS_GRANTED: _ClassVar[ConsentStatus]
    CONSENT_STATUS_DENIED: _ClassVar[ConsentStatus]
    CONSENT_STATUS_REVOKED: _ClassVar[ConsentStatus]
    CONSENT_STATUS_UNKNOWN: _ClassVar[ConsentStatus]
    CONSENT_STATUS_PENDING_CONFIRMATION: _ClassVar[ConsentStatus]

class LegalBasis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEGAL_BASIS_UNSPECIFIED: _ClassVar[LegalBasis]
    LEGAL_BASIS_CONSENT: _ClassVar[LegalBasis]
    LEGAL_BASIS_SOFT_OPT_IN: _ClassVar[LegalBasis]
    LEGAL_BASIS_CONTRACT: _ClassVar[LegalBasis]
    LEGAL_BASIS_LEGITIMATE_INTEREST: _ClassVar[LegalBasis]
CONSENT_STATUS_UNSPECIFIED: ConsentStatus
CONSENT_STATUS_GRANTED: ConsentStatus
CONSENT_STATUS_DENIED: ConsentStatus
CONSENT_STATUS_REVOKED: ConsentStatus
CONSENT_STATUS_UNKNOWN: ConsentStatus
CONSENT_STATUS_PENDING_CONFIRMATION: ConsentStatus
LEGAL_BASIS_UNSPECIFIED: LegalBasis
LEGAL_BASIS_CONSENT: LegalBasis
LEGAL_BASIS_SOFT_OPT_IN: LegalBasis
LEGAL_BASIS_CONTRACT: LegalBasis
LEGAL_BASIS_LEGITIMATE_INTEREST: LegalBasis

class Consent(_message.Message):
    __slots__ = ("identity", "purpose", "channel", "status", "legal_basis", "jurisdiction", "collection_point", "policy_version", "granted_time", "expire_time", "proof", "confirmed_time", "similar_groups", "signalled")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    JURISDICTION_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_POINT_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    GRANTED_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_TIME_FIELD_NUMBER: _ClassVar[int]
    SIMILAR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    SIGNALLED_FIELD_NUMBER: _ClassVar[int]
    identity: _subject_pb2.Identity
    purpose: str
    channel: str
    status: ConsentStatus
    legal_basis: LegalBasis
    jurisdiction: str
    collection_point: str
    policy_version: str
    granted_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    proof: str
    confirmed_time: _timestamp_pb2.Timestamp
    similar_groups: _containers.RepeatedScalarFieldContainer[str]
    signalled: bool
    def __init__(self, identity: _Optional[_Union[_subject_pb2.Identity, _Mapping]] = ..., purpose: _Optional[str] = ..., channel: _Optional[str] = ..., status: _Optional[_Union[ConsentStatus, str]] = ..., legal_basis: _Optional[_Union[LegalBasis, str]] = ..., jurisdiction: _Optional[str] = ..., collection_point: _Optional[str] = ..., policy_version: _Optional[str] = ..., granted_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., proof: _Optional[str] = ..., confirmed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., similar_groups: _Optional[_Iterable[str]] = ..., signalled: _Optional[bool] = ...) -> None: ...

class ConsentSignals(_message.Message):
    __slots__ = ("tcf_string", "gpc")
    TCF_STRING_FIELD_NUMBER: _ClassVar[int]
    GPC_FIELD_NUMBER: _ClassVar[int]
    tcf_string: str
    gpc: bool
    def __init__(self, tcf_string: _Optional[str] = ..., gpc: _Optional[bool] = ...) -> None: ...
