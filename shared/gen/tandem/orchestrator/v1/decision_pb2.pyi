import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import stage_pb2 as _stage_pb2
from tandem.common.v1 import subject_pb2 as _subject_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.orchestrator.v1 import arbitration_pb2 as _arbitration_pb2
from tandem.orchestrator.v1 import policy_pb2 as _policy_pb2
from tandem.orchestrator.v1 import volume_pb2 as _volume_pb2
from tandem.profile.v1 import consent_pb2 as _consent_pb2
from tandem.profile.v1 import event_pb2 as _event_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECTION_UNSPECIFIED: _ClassVar[Direction]
    DIRECTION_INBOUND: _ClassVar[Direction]
    DIRECTION_OUTBOUND: _ClassVar[Direction]

class DecisionMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECISION_MODE_UNSPECIFIED: _ClassVar[DecisionMode]
    DECISION_MODE_EXECUTE: _ClassVar[DecisionMode]
    DECISION_MODE_SIMULATE: _ClassVar[DecisionMode]
    DECISION_MODE_PREFETCH: _ClassVar[DecisionMode]

class NoActionReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NO_ACTION_REASON_UNSPECIFIED: _ClassVar[NoActionReason]
    NO_ACTION_REASON_NO_CANDIDATE: _ClassVar[NoActionReason]
    NO_ACTION_REASON_NOT_ELIGIBLE: _ClassVar[NoActionReason]
    NO_ACTION_REASON_NO_CONSENT: _ClassVar[NoActionReason]
    NO_ACTION_REASON_BELOW_RESERVE: _ClassVar[NoActionReason]
    NO_ACTION_REASON_EXHAUSTED: _ClassVar[NoActionReason]
    NO_ACTION_REASON_DEGRADED: _ClassVar[NoActionReason]
    NO_ACTION_REASON_CHANNEL: _ClassVar[NoActionReason]
    NO_ACTION_REASON_NOT_PRICED: _ClassVar[NoActionReason]
    NO_ACTION_REASON_CONTACT_POLICY: _ClassVar[NoActionReason]
    NO_ACTION_REASON_RANDOMISED_SILENCE: _ClassVar[NoActionReason]
    NO_ACTION_REASON_VOLUME: _ClassVar[NoActionReason]
    NO_ACTION_REASON_HOLDOUT: _ClassVar[NoActionReason]
    NO_ACTION_REASON_CONTACT_GAP: _ClassVar[NoActionReason]

class ExplorationKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXPLORATION_KIND_UNSPECIFIED: _ClassVar[ExplorationKind]
    EXPLORATION_KIND_NONE: _ClassVar[ExplorationKind]
    EXPLORATION_KIND_THOMPSON: _ClassVar[ExplorationKind]
    EXPLORATION_KIND_INVERSE_GAP_WEIGHTING: _ClassVar[ExplorationKind]
DIRECTION_UNSPECIFIED: Direction
DIRECTION_INBOUND: Direction
DIRECTION_OUTBOUND: Direction
DECISION_MODE_UNSPECIFIED: DecisionMode
DECISION_MODE_EXECUTE: DecisionMode
DECISION_MODE_SIMULATE: DecisionMode
DECISION_MODE_PREFETCH: DecisionMode
NO_ACTION_REASON_UNSPECIFIED: NoActionReason
NO_ACTION_REASON_NO_CANDIDATE: NoActionReason
NO_ACTION_REASON_NOT_ELIGIBLE: NoActionReason
NO_ACTION_REASON_NO_CONSENT: NoActionReason
NO_ACTION_REASON_BELOW_RESERVE: NoActionReason
NO_ACTION_REASON_EXHAUSTED: NoActionReason
NO_ACTION_REASON_DEGRADED: NoActionReason
NO_ACTION_REASON_CHANNEL: NoActionReason
NO_ACTION_REASON_NOT_PRICED: NoActionReason
NO_ACTION_REASON_CONTACT_POLICY: NoActionReason
NO_ACTION_REASON_RANDOMISED_SILENCE: NoActionReason
NO_ACTION_REASON_VOLUME: NoActionReason
NO_ACTION_REASON_HOLDOUT: NoActionReason
NO_ACTION_REASON_CONTACT_GAP: NoActionReason
EXPLORATION_KIND_UNSPECIFIED: ExplorationKind
EXPLORATION_KIND_NONE: ExplorationKind
EXPLORATION_KIND_THOMPSON: ExplorationKind
EXPLORATION_KIND_INVERSE_GAP_WEIGHTING: ExplorationKind

class Accepts(_message.Message):
    __slots__ = ("formats", "max_length", "width", "height")
    FORMATS_FIELD_NUMBER: _ClassVar[int]
    MAX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    formats: _containers.RepeatedScalarFieldContainer[str]
    max_length: int
    width: int
    height: int
    def __init__(self, formats: _Optional[_Iterable[str]] = ..., max_length: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...

class Placement(_message.Message):
    __slots__ = ("placement_id", "count", "accepts")
    PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ACCEPTS_FIELD_NUMBER: _ClassVar[int]
    placement_id: str
    count: int
    accepts: Accepts
    def __init__(self, placement_id: _Optional[str] = ..., count: _Optional[int] = ..., accepts: _Optional[_Union[Accepts, _Mapping]] = ...) -> None: ...

class Dedup(_message.Message):
    __slots__ = ("across_placements", "across_channels")
    ACROSS_PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    ACROSS_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    across_placements: bool
    across_channels: bool
    def __init__(self, across_placements: _Optional[bool] = ..., across_channels: _Optional[bool] = ...) -> None: ...

class SendWindow(_message.Message):
    __slots__ = ("earliest", "latest")
    EARLIEST_FIELD_NUMBER: _ClassVar[int]
    LATEST_FIELD_NUMBER: _ClassVar[int]
    earliest: _timestamp_pb2.Timestamp
    latest: _timestamp_pb2.Timestamp
    def __init__(self, earliest: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., latest: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Proposition(_message.Message):
    __slots__ = ("proposition_id", "channel", "issue", "group", "action", "treatment", "locale", "content", "content_version", "message_class", "rank", "priority", "propensity", "context_weight", "business_value", "lever", "cost", "choice_probability", "uncertainty", "evidence", "expire_time", "tracking_token", "consent_ref", "reservation_id", "sticky_from_decision_id", "send_window", "resource_cost", "uses", "pressure_cost")
    class ContentEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PROPOSITION_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ISSUE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_VALUE_FIELD_NUMBER: _ClassVar[int]
    LEVER_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    CHOICE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    UNCERTAINTY_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    TRACKING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONSENT_REF_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    STICKY_FROM_DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    SEND_WINDOW_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_COST_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    PRESSURE_COST_FIELD_NUMBER: _ClassVar[int]
    proposition_id: str
    channel: str
    issue: str
    group: str
    action: str
    treatment: str
    locale: str
    content: _containers.ScalarMap[str, str]
    content_version: str
    message_class: str
    rank: int
    priority: float
    propensity: float
    context_weight: float
    business_value: float
    lever: float
    cost: float
    choice_probability: float
    uncertainty: float
    evidence: float
    expire_time: _timestamp_pb2.Timestamp
    tracking_token: str
    consent_ref: str
    reservation_id: str
    sticky_from_decision_id: str
    send_window: SendWindow
    resource_cost: float
    uses: _containers.RepeatedCompositeFieldContainer[_volume_pb2.ResourceUse]
    pressure_cost: float
    def __init__(self, proposition_id: _Optional[str] = ..., channel: _Optional[str] = ..., issue: _Optional[str] = ..., group: _Optional[str] = ..., action: _Optional[str] = ..., treatment: _Optional[str] = ..., locale: _Optional[str] = ..., content: _Optional[_Mapping[str, str]] = ..., content_version: _Optional[str] = ..., message_class: _Optional[str] = ..., rank: _Optional[int] = ..., priority: _Optional[float] = ..., propensity: _Optional[float] = ..., context_weight: _Optional[float] = ..., business_value: _Optional[float] = ..., lever: _Optional[float] = ..., cost: _Optional[float] = ..., choice_probability: _Optional[float] = ..., uncertainty: _Optional[float] = ..., evidence: _Optional[float] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tracking_token: _Optional[str] = ..., consent_ref: _Optional[str] = ..., reservation_id: _Optional[str] = ..., sticky_from_decision_id: _Optional[str] = ..., send_window: _Optional[_Union[SendWindow, _Mapping]] = ..., resource_cost: _Optional[float] = ..., uses: _Optional[_Iterable[_Union[_volume_pb2.ResourceUse, _Mapping]]] = ..., pressure_cost: _Optional[float] = ...) -> None: ...

class NoAction(_message.Message):
    __slots__ = ("reason", "expected_value", "choice_probability")
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VALUE_FIELD_NUMBER: _ClassVar[int]
    CHOICE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    reason: NoActionReason
    expected_value: float
    choice_probability: float
    def __init__(self, reason: _Optional[_Union[NoActionReason, str]] = ..., expected_value: _Optional[float] = ..., choice_probability: _Optional[float] = ...) -> None: ...

class Fallback(_message.Message):
    __slots__ = ("treatment", "channel", "content", "locale", "reason")
    class ContentEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    treatment: str
    channel: str
    content: _containers.ScalarMap[str, str]
    locale: str
    reason: NoActionReason
    def __init__(self, treatment: _Optional[str] = ..., channel: _Optional[str] = ..., content: _Optional[_Mapping[str, str]] = ..., locale: _Optional[str] = ..., reason: _Optional[_Union[NoActionReason, str]] = ...) -> None: ...

class Propositions(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Proposition]
    def __init__(self, items: _Optional[_Iterable[_Union[Proposition, _Mapping]]] = ...) -> None: ...

class PlacementResult(_message.Message):
    __slots__ = ("placement_id", "propositions", "fallback", "no_action")
    PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROPOSITIONS_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_FIELD_NUMBER: _ClassVar[int]
    NO_ACTION_FIELD_NUMBER: _ClassVar[int]
    placement_id: str
    propositions: Propositions
    fallback: Fallback
    no_action: NoAction
    def __init__(self, placement_id: _Optional[str] = ..., propositions: _Optional[_Union[Propositions, _Mapping]] = ..., fallback: _Optional[_Union[Fallback, _Mapping]] = ..., no_action: _Optional[_Union[NoAction, _Mapping]] = ...) -> None: ...

class Candidate(_message.Message):
    __slots__ = ("action", "treatment", "channel", "placement_id", "choice_probability", "priority", "propensity", "pressure_cost")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHOICE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    PRESSURE_COST_FIELD_NUMBER: _ClassVar[int]
    action: str
    treatment: str
    channel: str
    placement_id: str
    choice_probability: float
    priority: float
    propensity: float
    pressure_cost: float
    def __init__(self, action: _Optional[str] = ..., treatment: _Optional[str] = ..., channel: _Optional[str] = ..., placement_id: _Optional[str] = ..., choice_probability: _Optional[float] = ..., priority: _Optional[float] = ..., propensity: _Optional[float] = ..., pressure_cost: _Optional[float] = ...) -> None: ...

class ExploredSlot(_message.Message):
    __slots__ = ("placement_id", "rank", "kind", "gamma", "floor", "floor_bound", "budget_bound", "silence_probability", "randomised_silence", "sticky_from_decision_id")
    PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    FLOOR_FIELD_NUMBER: _ClassVar[int]
    FLOOR_BOUND_FIELD_NUMBER: _ClassVar[int]
    BUDGET_BOUND_FIELD_NUMBER: _ClassVar[int]
    SILENCE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    RANDOMISED_SILENCE_FIELD_NUMBER: _ClassVar[int]
    STICKY_FROM_DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    placement_id: str
    rank: int
    kind: ExplorationKind
    gamma: float
    floor: float
    floor_bound: bool
    budget_bound: bool
    silence_probability: float
    randomised_silence: _arbitration_pb2.RandomisedSilence
    sticky_from_decision_id: str
    def __init__(self, placement_id: _Optional[str] = ..., rank: _Optional[int] = ..., kind: _Optional[_Union[ExplorationKind, str]] = ..., gamma: _Optional[float] = ..., floor: _Optional[float] = ..., floor_bound: _Optional[bool] = ..., budget_bound: _Optional[bool] = ..., silence_probability: _Optional[float] = ..., randomised_silence: _Optional[_Union[_arbitration_pb2.RandomisedSilence, _Mapping]] = ..., sticky_from_decision_id: _Optional[str] = ...) -> None: ...

class Timing(_message.Message):
    __slots__ = ("profile", "rules", "scoring", "arbitration", "total", "ledger")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    SCORING_FIELD_NUMBER: _ClassVar[int]
    ARBITRATION_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    profile: _duration_pb2.Duration
    rules: _duration_pb2.Duration
    scoring: _duration_pb2.Duration
    arbitration: _duration_pb2.Duration
    total: _duration_pb2.Duration
    ledger: _duration_pb2.Duration
    def __init__(self, profile: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., rules: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., scoring: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., arbitration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., total: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., ledger: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class DecideRequest(_message.Message):
    __slots__ = ("request_id", "subject", "events", "consistency_token", "direction", "channels", "placements", "context", "locale", "session_id", "decision_time", "excluded_actions", "dedup", "mode", "explain", "consent_signals", "profile_override", "sticky_key", "campaign_id", "forced_arm")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.TypedValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ...) -> None: ...
    class ProfileOverrideEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Feature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_TIME_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    DEDUP_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    CONSENT_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    PROFILE_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    STICKY_KEY_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    FORCED_ARM_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    subject: _subject_pb2.Subject
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    consistency_token: _subject_pb2.ConsistencyToken
    direction: Direction
    channels: _containers.RepeatedScalarFieldContainer[str]
    placements: _containers.RepeatedCompositeFieldContainer[Placement]
    context: _containers.MessageMap[str, _value_pb2.TypedValue]
    locale: str
    session_id: str
    decision_time: _timestamp_pb2.Timestamp
    excluded_actions: _containers.RepeatedScalarFieldContainer[str]
    dedup: Dedup
    mode: DecisionMode
    explain: _stage_pb2.Explain
    consent_signals: _consent_pb2.ConsentSignals
    profile_override: _containers.MessageMap[str, _value_pb2.Feature]
    sticky_key: str
    campaign_id: str
    forced_arm: str
    def __init__(self, request_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., direction: _Optional[_Union[Direction, str]] = ..., channels: _Optional[_Iterable[str]] = ..., placements: _Optional[_Iterable[_Union[Placement, _Mapping]]] = ..., context: _Optional[_Mapping[str, _value_pb2.TypedValue]] = ..., locale: _Optional[str] = ..., session_id: _Optional[str] = ..., decision_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., excluded_actions: _Optional[_Iterable[str]] = ..., dedup: _Optional[_Union[Dedup, _Mapping]] = ..., mode: _Optional[_Union[DecisionMode, str]] = ..., explain: _Optional[_Union[_stage_pb2.Explain, str]] = ..., consent_signals: _Optional[_Union[_consent_pb2.ConsentSignals, _Mapping]] = ..., profile_override: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., sticky_key: _Optional[str] = ..., campaign_id: _Optional[str] = ..., forced_arm: _Optional[str] = ...) -> None: ...

class DecideResponse(_message.Message):
    __slots__ = ("decision_id", "profile_id", "placement_results", "candidates", "dropped", "dropped_by_stage", "versions", "feature_statuses", "degraded", "advisories", "timing", "consistency_token", "decision_time", "request_id", "assignment", "arm", "left_out_of_comparison")
    class FeatureStatusesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.FeatureStatus
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.FeatureStatus, str]] = ...) -> None: ...
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_RESULTS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_BY_STAGE_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    FEATURE_STATUSES_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    ADVISORIES_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DECISION_TIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    ARM_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_OF_COMPARISON_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    profile_id: str
    placement_results: _containers.RepeatedCompositeFieldContainer[PlacementResult]
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    dropped: _containers.RepeatedCompositeFieldContainer[_stage_pb2.Dropped]
    dropped_by_stage: _containers.RepeatedCompositeFieldContainer[_stage_pb2.StageCount]
    versions: _policy_pb2.Versions
    feature_statuses: _containers.ScalarMap[str, _value_pb2.FeatureStatus]
    degraded: bool
    advisories: _containers.RepeatedScalarFieldContainer[str]
    timing: Timing
    consistency_token: _subject_pb2.ConsistencyToken
    decision_time: _timestamp_pb2.Timestamp
    request_id: str
    assignment: _arbitration_pb2.Assignment
    arm: str
    left_out_of_comparison: bool
    def __init__(self, decision_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., placement_results: _Optional[_Iterable[_Union[PlacementResult, _Mapping]]] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., dropped: _Optional[_Iterable[_Union[_stage_pb2.Dropped, _Mapping]]] = ..., dropped_by_stage: _Optional[_Iterable[_Union[_stage_pb2.StageCount, _Mapping]]] = ..., versions: _Optional[_Union[_policy_pb2.Versions, _Mapping]] = ..., feature_statuses: _Optional[_Mapping[str, _value_pb2.FeatureStatus]] = ..., degraded: _Optional[bool] = ..., advisories: _Optional[_Iterable[str]] = ..., timing: _Optional[_Union[Timing, _Mapping]] = ..., consistency_token: _Optional[_Union[_subject_pb2.ConsistencyToken, _Mapping]] = ..., decision_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ..., assignment: _Optional[_Union[_arbitration_pb2.Assignment, _Mapping]] = ..., arm: _Optional[str] = ..., left_out_of_comparison: _Optional[bool] = ...) -> None: ...
