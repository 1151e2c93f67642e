import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from tandem.common.v1 import subject_pb2 as _subject_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.orchestrator.v1 import arbitration_pb2 as _arbitration_pb2
from tandem.orchestrator.v1 import attribution_pb2 as _attribution_pb2
from tandem.orchestrator.v1 import batch_pb2 as _batch_pb2
from tandem.orchestrator.v1 import conversion_pb2 as _conversion_pb2
from tandem.orchestrator.v1 import decision_pb2 as _decision_pb2
from tandem.orchestrator.v1 import decision_list_pb2 as _decision_list_pb2
from tandem.orchestrator.v1 import marginal_pb2 as _marginal_pb2
from tandem.orchestrator.v1 import outcome_pb2 as _outcome_pb2
from tandem.orchestrator.v1 import performance_pb2 as _performance_pb2
from tandem.orchestrator.v1 import policy_pb2 as _policy_pb2
from tandem.orchestrator.v1 import policy_diff_pb2 as _policy_diff_pb2
from tandem.orchestrator.v1 import policy_lifecycle_pb2 as _policy_lifecycle_pb2
from tandem.orchestrator.v1 import pressure_pb2 as _pressure_pb2
from tandem.orchestrator.v1 import replay_pb2 as _replay_pb2
from tandem.orchestrator.v1 import volume_pb2 as _volume_pb2
from tandem.orchestrator.v1 import why_not_pb2 as _why_not_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExportSubjectDataRequest(_message.Message):
    __slots__ = ("profile_ids",)
    PROFILE_IDS_FIELD_NUMBER: _ClassVar[int]
    profile_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, profile_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ExportSubjectDataResponse(_message.Message):
    __slots__ = ("lines",)
    LINES_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lines: _Optional[_Iterable[str]] = ...) -> None: ...

class EraseSubjectDataRequest(_message.Message):
    __slots__ = ("request_id", "profile_ids")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_IDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    profile_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., profile_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class EraseSubjectDataResponse(_message.Message):
    __slots__ = ("erased_count",)
    ERASED_COUNT_FIELD_NUMBER: _ClassVar[int]
    erased_count: int
    def __init__(self, erased_count: _Optional[int] = ...) -> None: ...

class CaptureOutcomesRequest(_message.Message):
    __slots__ = ("request_id", "items")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    items: _containers.RepeatedCompositeFieldContainer[_outcome_pb2.OutcomeItem]
    def __init__(self, request_id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[_outcome_pb2.OutcomeItem, _Mapping]]] = ...) -> None: ...

class CaptureOutcomesResponse(_message.Message):
    __slots__ = ("items",)
    class Result(_message.Message):
        __slots__ = ("idempotency_key", "decision_id", "duplicate")
        IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
        DECISION_ID_FIELD_NUMBER: _ClassVar[int]
        DUPLICATE_FIELD_NUMBER: _ClassVar[int]
        idempotency_key: str
        decision_id: str
        duplicate: bool
        def __init__(self, idempotency_key: _Optional[str] = ..., decision_id: _Optional[str] = ..., duplicate: _Optional[bool] = ...) -> None: ...
    class Item(_message.Message):
        __slots__ = ("result", "error")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        result: CaptureOutcomesResponse.Result
        error: _status_pb2.Status
        def __init__(self, result: _Optional[_Union[CaptureOutcomesResponse.Result, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[CaptureOutcomesResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[CaptureOutcomesResponse.Item, _Mapping]]] = ...) -> None: ...

class GetDecisionRequest(_message.Message):
    __slots__ = ("decision_id",)
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    def __init__(self, decision_id: _Optional[str] = ...) -> None: ...

class GetDecisionResponse(_message.Message):
    __slots__ = ("request", "response", "outcomes", "explored_slots", "pressure")
    class CapturedOutcome(_message.Message):
        __slots__ = ("item", "capture_time")
        ITEM_FIELD_NUMBER: _ClassVar[int]
        CAPTURE_TIME_FIELD_NUMBER: _ClassVar[int]
        item: _outcome_pb2.OutcomeItem
        capture_time: _timestamp_pb2.Timestamp
        def __init__(self, item: _Optional[_Union[_outcome_pb2.OutcomeItem, _Mapping]] = ..., capture_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    EXPLORED_SLOTS_FIELD_NUMBER: _ClassVar[int]
    PRESSURE_FIELD_NUMBER: _ClassVar[int]
    request: _decision_pb2.DecideRequest
    response: _decision_pb2.DecideResponse
    outcomes: _containers.RepeatedCompositeFieldContainer[GetDecisionResponse.CapturedOutcome]
    explored_slots: _containers.RepeatedCompositeFieldContainer[_decision_pb2.ExploredSlot]
    pressure: _arbitration_pb2.PressureStanding
    def __init__(self, request: _Optional[_Union[_decision_pb2.DecideRequest, _Mapping]] = ..., response: _Optional[_Union[_decision_pb2.DecideResponse, _Mapping]] = ..., outcomes: _Optional[_Iterable[_Union[GetDecisionResponse.CapturedOutcome, _Mapping]]] = ..., explored_slots: _Optional[_Iterable[_Union[_decision_pb2.ExploredSlot, _Mapping]]] = ..., pressure: _Optional[_Union[_arbitration_pb2.PressureStanding, _Mapping]] = ...) -> None: ...

class ExplainDecisionRequest(_message.Message):
    __slots__ = ("decision_id", "subject", "time", "actions")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    subject: _subject_pb2.Subject
    time: _timestamp_pb2.Timestamp
    actions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, decision_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actions: _Optional[_Iterable[str]] = ...) -> None: ...

class ExplainDecisionResponse(_message.Message):
    __slots__ = ("response", "attributes", "segments", "marginals", "pressure")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Feature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    MARGINALS_FIELD_NUMBER: _ClassVar[int]
    PRESSURE_FIELD_NUMBER: _ClassVar[int]
    response: _decision_pb2.DecideResponse
    attributes: _containers.MessageMap[str, _value_pb2.Feature]
    segments: _containers.RepeatedScalarFieldContainer[str]
    marginals: _containers.RepeatedCompositeFieldContainer[_marginal_pb2.SlotMarginals]
    pressure: _arbitration_pb2.PressureStanding
    def __init__(self, response: _Optional[_Union[_decision_pb2.DecideResponse, _Mapping]] = ..., attributes: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., segments: _Optional[_Iterable[str]] = ..., marginals: _Optional[_Iterable[_Union[_marginal_pb2.SlotMarginals, _Mapping]]] = ..., pressure: _Optional[_Union[_arbitration_pb2.PressureStanding, _Mapping]] = ...) -> None: ...

class PublishPolicyRequest(_message.Message):
    __slots__ = ("request_id", "files", "author")
    class FilesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bytes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    files: _containers.ScalarMap[str, bytes]
    author: str
    def __init__(self, request_id: _Optional[str] = ..., files: _Optional[_Mapping[str, bytes]] = ..., author: _Optional[str] = ...) -> None: ...

class PublishPolicyResponse(_message.Message):
    __slots__ = ("policy_version", "findings", "active")
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    policy_version: str
    findings: _containers.RepeatedCompositeFieldContainer[_policy_pb2.Finding]
    active: bool
    def __init__(self, policy_version: _Optional[str] = ..., findings: _Optional[_Iterable[_Union[_policy_pb2.Finding, _Mapping]]] = ..., active: _Optional[bool] = ...) -> None: ...

class ValidatePolicyRequest(_message.Message):
    __slots__ = ("files",)
    class FilesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bytes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
    FILES_FIELD_NUMBER: _ClassVar[int]
    files: _containers.ScalarMap[str, bytes]
    def __init__(self, files: _Optional[_Mapping[str, bytes]] = ...) -> None: ...

class ValidatePolicyResponse(_message.Message):
    __slots__ = ("findings",)
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    findings: _containers.RepeatedCompositeFieldContainer[_policy_pb2.Finding]
    def __init__(self, findings: _Optional[_Iterable[_Union[_policy_pb2.Finding, _Mapping]]] = ...) -> None: ...

class ActivatePolicyRequest(_message.Message):
    __slots__ = ("request_id", "policy_version", "actor")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    policy_version: str
    actor: str
    def __init__(self, request_id: _Optional[str] = ..., policy_version: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class ActivatePolicyResponse(_message.Message):
    __slots__ = ("policy",)
    POLICY_FIELD_NUMBER: _ClassVar[int]
    policy: _policy_pb2.Policy
    def __init__(self, policy: _Optional[_Union[_policy_pb2.Policy, _Mapping]] = ...) -> None: ...
