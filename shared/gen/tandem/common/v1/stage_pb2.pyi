from tandem.common.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DropStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DROP_STAGE_UNSPECIFIED: _ClassVar[DropStage]
    DROP_STAGE_SUPPRESSION: _ClassVar[DropStage]
    DROP_STAGE_ELIGIBILITY: _ClassVar[DropStage]
    DROP_STAGE_APPLICABILITY: _ClassVar[DropStage]
    DROP_STAGE_SUITABILITY: _ClassVar[DropStage]
    DROP_STAGE_CONSENT: _ClassVar[DropStage]
    DROP_STAGE_CHANNEL: _ClassVar[DropStage]
    DROP_STAGE_CONTACT_POLICY: _ClassVar[DropStage]
    DROP_STAGE_VOLUME: _ClassVar[DropStage]
    DROP_STAGE_ARBITRATION: _ClassVar[DropStage]

class Explain(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXPLAIN_UNSPECIFIED: _ClassVar[Explain]
    EXPLAIN_NONE: _ClassVar[Explain]
    EXPLAIN_REASONS: _ClassVar[Explain]
    EXPLAIN_FULL: _ClassVar[Explain]
DROP_STAGE_UNSPECIFIED: DropStage
DROP_STAGE_SUPPRESSION: DropStage
DROP_STAGE_ELIGIBILITY: DropStage
DROP_STAGE_APPLICABILITY: DropStage
DROP_STAGE_SUITABILITY: DropStage
DROP_STAGE_CONSENT: DropStage
DROP_STAGE_CHANNEL: DropStage
DROP_STAGE_CONTACT_POLICY: DropStage
DROP_STAGE_VOLUME: DropStage
DROP_STAGE_ARBITRATION: DropStage
EXPLAIN_UNSPECIFIED: Explain
EXPLAIN_NONE: Explain
EXPLAIN_REASONS: Explain
EXPLAIN_FULL: Explain

class Dropped(_message.Message):
    __slots__ = ("action", "channel", "stage", "rule_id", "rule_version", "attribute", "observed", "status", "threshold", "treatment", "failed", "smallest_change", "margin")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_VERSION_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    SMALLEST_CHANGE_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    action: str
    channel: str
    stage: DropStage
    rule_id: str
    rule_version: str
    attribute: str
    observed: _value_pb2.TypedValue
    status: _value_pb2.FeatureStatus
    threshold: str
    treatment: str
    failed: _containers.RepeatedCompositeFieldContainer[FailedTest]
    smallest_change: SmallestChange
    margin: float
    def __init__(self, action: _Optional[str] = ..., channel: _Optional[str] = ..., stage: _Optional[_Union[DropStage, str]] = ..., rule_id: _Optional[str] = ..., rule_version: _Optional[str] = ..., attribute: _Optional[str] = ..., observed: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ..., status: _Optional[_Union[_value_pb2.FeatureStatus, str]] = ..., threshold: _Optional[str] = ..., treatment: _Optional[str] = ..., failed: _Optional[_Iterable[_Union[FailedTest, _Mapping]]] = ..., smallest_change: _Optional[_Union[SmallestChange, _Mapping]] = ..., margin: _Optional[float] = ...) -> None: ...

class FailedTest(_message.Message):
    __slots__ = ("attribute", "observed", "status", "threshold")
    ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    attribute: str
    observed: _value_pb2.TypedValue
    status: _value_pb2.FeatureStatus
    threshold: str
    def __init__(self, attribute: _Optional[str] = ..., observed: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ..., status: _Optional[_Union[_value_pb2.FeatureStatus, str]] = ..., threshold: _Optional[str] = ...) -> None: ...

class SmallestChange(_message.Message):
    __slots__ = ("changes", "none_because", "smaller_not_ruled_out")
    class AttributeChange(_message.Message):
        __slots__ = ("attribute", "observed", "status", "needed")
        ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
        OBSERVED_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        NEEDED_FIELD_NUMBER: _ClassVar[int]
        attribute: str
        observed: _value_pb2.TypedValue
        status: _value_pb2.FeatureStatus
        needed: _value_pb2.TypedValue
        def __init__(self, attribute: _Optional[str] = ..., observed: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ..., status: _Optional[_Union[_value_pb2.FeatureStatus, str]] = ..., needed: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ...) -> None: ...
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NONE_BECAUSE_FIELD_NUMBER: _ClassVar[int]
    SMALLER_NOT_RULED_OUT_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[SmallestChange.AttributeChange]
    none_because: str
    smaller_not_ruled_out: bool
    def __init__(self, changes: _Optional[_Iterable[_Union[SmallestChange.AttributeChange, _Mapping]]] = ..., none_because: _Optional[str] = ..., smaller_not_ruled_out: _Optional[bool] = ...) -> None: ...

class StageCount(_message.Message):
    __slots__ = ("stage", "count")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    stage: DropStage
    count: int
    def __init__(self, stage: _Optional[_Union[DropStage, str]] = ..., count: _Optional[int] = ...) -> None: ...
