import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.orchestrator.v1 import decision_pb2 as _decision_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DiffVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIFF_VERDICT_UNSPECIFIED: _ClassVar[DiffVerdict]
    DIFF_VERDICT_BETTER: _ClassVar[DiffVerdict]
    DIFF_VERDICT_WORSE: _ClassVar[DiffVerdict]
    DIFF_VERDICT_NO_DIFFERENCE_SEEN: _ClassVar[DiffVerdict]
    DIFF_VERDICT_CANNOT_TELL: _ClassVar[DiffVerdict]
    DIFF_VERDICT_REFUSED: _ClassVar[DiffVerdict]
    DIFF_VERDICT_EXPECTS_MORE: _ClassVar[DiffVerdict]
    DIFF_VERDICT_EXPECTS_LESS: _ClassVar[DiffVerdict]
    DIFF_VERDICT_NOT_COMPARABLE: _ClassVar[DiffVerdict]
DIFF_VERDICT_UNSPECIFIED: DiffVerdict
DIFF_VERDICT_BETTER: DiffVerdict
DIFF_VERDICT_WORSE: DiffVerdict
DIFF_VERDICT_NO_DIFFERENCE_SEEN: DiffVerdict
DIFF_VERDICT_CANNOT_TELL: DiffVerdict
DIFF_VERDICT_REFUSED: DiffVerdict
DIFF_VERDICT_EXPECTS_MORE: DiffVerdict
DIFF_VERDICT_EXPECTS_LESS: DiffVerdict
DIFF_VERDICT_NOT_COMPARABLE: DiffVerdict

class ProfileSample(_message.Message):
    __slots__ = ("segment", "limit", "seed", "direction", "channels", "placements", "context", "locale", "decision_time")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.TypedValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ...) -> None: ...
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    DECISION_TIME_FIELD_NUMBER: _ClassVar[int]
    segment: str
    limit: int
    seed: int
    direction: _decision_pb2.Direction
    channels: _containers.RepeatedScalarFieldContainer[str]
    placements: _containers.RepeatedCompositeFieldContainer[_decision_pb2.Placement]
    context: _containers.MessageMap[str, _value_pb2.TypedValue]
    locale: str
    decision_time: _timestamp_pb2.Timestamp
    def __init__(self, segment: _Optional[str] = ..., limit: _Optional[int] = ..., seed: _Optional[int] = ..., direction: _Optional[_Union[_decision_pb2.Direction, str]] = ..., channels: _Optional[_Iterable[str]] = ..., placements: _Optional[_Iterable[_Union[_decision_pb2.Placement, _Mapping]]] = ..., context: _Optional[_Mapping[str, _value_pb2.TypedValue]] = ..., locale: _Optional[str] = ..., decision_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SampledAudience(_message.Message):
    __slots__ = ("condition", "audience", "weight", "decision_time")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    DECISION_TIME_FIELD_NUMBER: _ClassVar[int]
    condition: str
    audience: int
    weight: float
    decision_time: _timestamp_pb2.Timestamp
    def __init__(self, condition: _Optional[str] = ..., audience: _Optional[int] = ..., weight: _Optional[float] = ..., decision_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ArmShare(_message.Message):
    __slots__ = ("arm", "baseline", "candidate")
    ARM_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    arm: str
    baseline: float
    candidate: float
    def __init__(self, arm: _Optional[str] = ..., baseline: _Optional[float] = ..., candidate: _Optional[float] = ...) -> None: ...

class ArmChange(_message.Message):
    __slots__ = ("shares", "other_salt")
    SHARES_FIELD_NUMBER: _ClassVar[int]
    OTHER_SALT_FIELD_NUMBER: _ClassVar[int]
    shares: _containers.RepeatedCompositeFieldContainer[ArmShare]
    other_salt: bool
    def __init__(self, shares: _Optional[_Iterable[_Union[ArmShare, _Mapping]]] = ..., other_salt: _Optional[bool] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ("mean", "low", "high")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    mean: float
    low: float
    high: float
    def __init__(self, mean: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class PolicyValue(_message.Message):
    __slots__ = ("successes_snips", "successes_dr", "money_snips", "money_dr")
    SUCCESSES_SNIPS_FIELD_NUMBER: _ClassVar[int]
    SUCCESSES_DR_FIELD_NUMBER: _ClassVar[int]
    MONEY_SNIPS_FIELD_NUMBER: _ClassVar[int]
    MONEY_DR_FIELD_NUMBER: _ClassVar[int]
    successes_snips: Interval
    successes_dr: Interval
    money_snips: Interval
    money_dr: Interval
    def __init__(self, successes_snips: _Optional[_Union[Interval, _Mapping]] = ..., successes_dr: _Optional[_Union[Interval, _Mapping]] = ..., money_snips: _Optional[_Union[Interval, _Mapping]] = ..., money_dr: _Optional[_Union[Interval, _Mapping]] = ...) -> None: ...

class PolicyRun(_message.Message):
    __slots__ = ("policy_version", "expected_contacts", "contacts_by_channel", "contacts_by_action", "dropped_by_stage", "dropped_by_cap", "resource_use", "starving_persons", "starving_actions", "untried_share", "effective_size", "value", "refusal", "expected_money", "expected_successes")
    class ContactsByChannelEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ContactsByActionEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class DroppedByStageEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: int
        def __init__(self, key: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...
    class DroppedByCapEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class ResourceUseEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_CONTACTS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_BY_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_BY_ACTION_FIELD_NUMBER: _ClassVar[int]
    DROPPED_BY_STAGE_FIELD_NUMBER: _ClassVar[int]
    DROPPED_BY_CAP_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_USE_FIELD_NUMBER: _ClassVar[int]
    STARVING_PERSONS_FIELD_NUMBER: _ClassVar[int]
    STARVING_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    UNTRIED_SHARE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_SIZE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_MONEY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_SUCCESSES_FIELD_NUMBER: _ClassVar[int]
    policy_version: str
    expected_contacts: float
    contacts_by_channel: _containers.ScalarMap[str, float]
    contacts_by_action: _containers.ScalarMap[str, float]
    dropped_by_stage: _containers.ScalarMap[int, int]
    dropped_by_cap: _containers.ScalarMap[str, int]
    resource_use: _containers.ScalarMap[str, float]
    starving_persons: int
    starving_actions: _containers.RepeatedScalarFieldContainer[str]
    untried_share: float
    effective_size: float
    value: PolicyValue
    refusal: str
    expected_money: Interval
    expected_successes: Interval
    def __init__(self, policy_version: _Optional[str] = ..., expected_contacts: _Optional[float] = ..., contacts_by_channel: _Optional[_Mapping[str, float]] = ..., contacts_by_action: _Optional[_Mapping[str, float]] = ..., dropped_by_stage: _Optional[_Mapping[int, int]] = ..., dropped_by_cap: _Optional[_Mapping[str, int]] = ..., resource_use: _Optional[_Mapping[str, float]] = ..., starving_persons: _Optional[int] = ..., starving_actions: _Optional[_Iterable[str]] = ..., untried_share: _Optional[float] = ..., effective_size: _Optional[float] = ..., value: _Optional[_Union[PolicyValue, _Mapping]] = ..., refusal: _Optional[str] = ..., expected_money: _Optional[_Union[Interval, _Mapping]] = ..., expected_successes: _Optional[_Union[Interval, _Mapping]] = ...) -> None: ...

class GroupDiff(_message.Message):
    __slots__ = ("attribute", "group", "decisions", "persons", "baseline_rate", "candidate_rate", "baseline_ratio", "candidate_ratio", "below_four_fifths", "money_difference")
    ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    BASELINE_RATE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_RATE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_RATIO_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_RATIO_FIELD_NUMBER: _ClassVar[int]
    BELOW_FOUR_FIFTHS_FIELD_NUMBER: _ClassVar[int]
    MONEY_DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    attribute: str
    group: str
    decisions: int
    persons: int
    baseline_rate: float
    candidate_rate: float
    baseline_ratio: Interval
    candidate_ratio: Interval
    below_four_fifths: bool
    money_difference: Interval
    def __init__(self, attribute: _Optional[str] = ..., group: _Optional[str] = ..., decisions: _Optional[int] = ..., persons: _Optional[int] = ..., baseline_rate: _Optional[float] = ..., candidate_rate: _Optional[float] = ..., baseline_ratio: _Optional[_Union[Interval, _Mapping]] = ..., candidate_ratio: _Optional[_Union[Interval, _Mapping]] = ..., below_four_fifths: _Optional[bool] = ..., money_difference: _Optional[_Union[Interval, _Mapping]] = ...) -> None: ...

class DiffPoliciesRequest(_message.Message):
    __slots__ = ("candidate", "baseline", "count", "seed", "group_by", "max_untried", "profiles")
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    MAX_UNTRIED_FIELD_NUMBER: _ClassVar[int]
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    candidate: str
    baseline: str
    count: int
    seed: int
    group_by: _containers.RepeatedScalarFieldContainer[str]
    max_untried: float
    profiles: ProfileSample
    def __init__(self, candidate: _Optional[str] = ..., baseline: _Optional[str] = ..., count: _Optional[int] = ..., seed: _Optional[int] = ..., group_by: _Optional[_Iterable[str]] = ..., max_untried: _Optional[float] = ..., profiles: _Optional[_Union[ProfileSample, _Mapping]] = ...) -> None: ...

class DiffPoliciesResponse(_message.Message):
    __slots__ = ("currency", "sampled", "decisions", "persons", "left_out", "valued", "baseline", "candidate", "winners_changed", "changes", "probability_moved", "difference", "verdict", "verdict_text", "groups", "starved_persons", "audience", "expected_difference", "not_comparable", "arms")
    class Change(_message.Message):
        __slots__ = ("placement_id", "before", "after", "count")
        PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
        BEFORE_FIELD_NUMBER: _ClassVar[int]
        AFTER_FIELD_NUMBER: _ClassVar[int]
        COUNT_FIELD_NUMBER: _ClassVar[int]
        placement_id: str
        before: str
        after: str
        count: int
        def __init__(self, placement_id: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...
    class LeftOutEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    SAMPLED_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    VALUED_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    WINNERS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_MOVED_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_TEXT_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    STARVED_PERSONS_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    NOT_COMPARABLE_FIELD_NUMBER: _ClassVar[int]
    ARMS_FIELD_NUMBER: _ClassVar[int]
    currency: str
    sampled: int
    decisions: int
    persons: int
    left_out: _containers.ScalarMap[str, int]
    valued: int
    baseline: PolicyRun
    candidate: PolicyRun
    winners_changed: int
    changes: _containers.RepeatedCompositeFieldContainer[DiffPoliciesResponse.Change]
    probability_moved: float
    difference: PolicyValue
    verdict: DiffVerdict
    verdict_text: str
    groups: _containers.RepeatedCompositeFieldContainer[GroupDiff]
    starved_persons: int
    audience: SampledAudience
    expected_difference: Interval
    not_comparable: _containers.RepeatedScalarFieldContainer[str]
    arms: ArmChange
    def __init__(self, currency: _Optional[str] = ..., sampled: _Optional[int] = ..., decisions: _Optional[int] = ..., persons: _Optional[int] = ..., left_out: _Optional[_Mapping[str, int]] = ..., valued: _Optional[int] = ..., baseline: _Optional[_Union[PolicyRun, _Mapping]] = ..., candidate: _Optional[_Union[PolicyRun, _Mapping]] = ..., winners_changed: _Optional[int] = ..., changes: _Optional[_Iterable[_Union[DiffPoliciesResponse.Change, _Mapping]]] = ..., probability_moved: _Optional[float] = ..., difference: _Optional[_Union[PolicyValue, _Mapping]] = ..., verdict: _Optional[_Union[DiffVerdict, str]] = ..., verdict_text: _Optional[str] = ..., groups: _Optional[_Iterable[_Union[GroupDiff, _Mapping]]] = ..., starved_persons: _Optional[int] = ..., audience: _Optional[_Union[SampledAudience, _Mapping]] = ..., expected_difference: _Optional[_Union[Interval, _Mapping]] = ..., not_comparable: _Optional[_Iterable[str]] = ..., arms: _Optional[_Union[ArmChange, _Mapping]] = ...) -> None: ...

class SimulatePolicyRequest(_message.Message):
    __slots__ = ("policy_version", "count", "seed", "group_by", "max_untried", "profiles")
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    MAX_UNTRIED_FIELD_NUMBER: _ClassVar[int]
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    policy_version: str
    count: int
    seed: int
    group_by: _containers.RepeatedScalarFieldContainer[str]
    max_untried: float
    profiles: ProfileSample
    def __init__(self, policy_version: _Optional[str] = ..., count: _Optional[int] = ..., seed: _Optional[int] = ..., group_by: _Optional[_Iterable[str]] = ..., max_untried: _Optional[float] = ..., profiles: _Optional[_Union[ProfileSample, _Mapping]] = ...) -> None: ...

class SimulatePolicyResponse(_message.Message):
    __slots__ = ("currency", "sampled", "decisions", "persons", "left_out", "valued", "run", "groups", "audience")
    class LeftOutEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    SAMPLED_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    VALUED_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    currency: str
    sampled: int
    decisions: int
    persons: int
    left_out: _containers.ScalarMap[str, int]
    valued: int
    run: PolicyRun
    groups: _containers.RepeatedCompositeFieldContainer[GroupDiff]
    audience: SampledAudience
    def __init__(self, currency: _Optional[str] = ..., sampled: _Optional[int] = ..., decisions: _Optional[int] = ..., persons: _Optional[int] = ..., left_out: _Optional[_Mapping[str, int]] = ..., valued: _Optional[int] = ..., run: _Optional[_Union[PolicyRun, _Mapping]] = ..., groups: _Optional[_Iterable[_Union[GroupDiff, _Mapping]]] = ..., audience: _Optional[_Union[SampledAudience, _Mapping]] = ...) -> None: ...
