from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Estimator(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ESTIMATOR_UNSPECIFIED: _ClassVar[Estimator]
    ESTIMATOR_REPLAY: _ClassVar[Estimator]
    ESTIMATOR_IPS: _ClassVar[Estimator]
    ESTIMATOR_SNIPS: _ClassVar[Estimator]
    ESTIMATOR_DM: _ClassVar[Estimator]
    ESTIMATOR_DR: _ClassVar[Estimator]
ESTIMATOR_UNSPECIFIED: Estimator
ESTIMATOR_REPLAY: Estimator
ESTIMATOR_IPS: Estimator
ESTIMATOR_SNIPS: Estimator
ESTIMATOR_DM: Estimator
ESTIMATOR_DR: Estimator

class EvaluatePolicyRequest(_message.Message):
    __slots__ = ("log", "targets", "estimators", "confidence", "seed")
    LOG_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATORS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    log: DecisionLog
    targets: _containers.RepeatedCompositeFieldContainer[TargetPolicy]
    estimators: _containers.RepeatedScalarFieldContainer[Estimator]
    confidence: float
    seed: int
    def __init__(self, log: _Optional[_Union[DecisionLog, _Mapping]] = ..., targets: _Optional[_Iterable[_Union[TargetPolicy, _Mapping]]] = ..., estimators: _Optional[_Iterable[_Union[Estimator, str]]] = ..., confidence: _Optional[float] = ..., seed: _Optional[int] = ...) -> None: ...

class DecisionLog(_message.Message):
    __slots__ = ("rewards", "choice_probabilities", "eligible_counts", "reward_range", "values", "predictions")
    REWARDS_FIELD_NUMBER: _ClassVar[int]
    CHOICE_PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    ELIGIBLE_COUNTS_FIELD_NUMBER: _ClassVar[int]
    REWARD_RANGE_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    rewards: _containers.RepeatedScalarFieldContainer[float]
    choice_probabilities: _containers.RepeatedScalarFieldContainer[float]
    eligible_counts: _containers.RepeatedScalarFieldContainer[int]
    reward_range: RewardRange
    values: _containers.RepeatedScalarFieldContainer[float]
    predictions: RewardPredictions
    def __init__(self, rewards: _Optional[_Iterable[float]] = ..., choice_probabilities: _Optional[_Iterable[float]] = ..., eligible_counts: _Optional[_Iterable[int]] = ..., reward_range: _Optional[_Union[RewardRange, _Mapping]] = ..., values: _Optional[_Iterable[float]] = ..., predictions: _Optional[_Union[RewardPredictions, _Mapping]] = ...) -> None: ...

class RewardRange(_message.Message):
    __slots__ = ("low", "high")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    low: float
    high: float
    def __init__(self, low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class RewardPredictions(_message.Message):
    __slots__ = ("rewards", "largest_rewards", "parts")
    REWARDS_FIELD_NUMBER: _ClassVar[int]
    LARGEST_REWARDS_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    rewards: _containers.RepeatedScalarFieldContainer[float]
    largest_rewards: _containers.RepeatedScalarFieldContainer[float]
    parts: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, rewards: _Optional[_Iterable[float]] = ..., largest_rewards: _Optional[_Iterable[float]] = ..., parts: _Optional[_Iterable[int]] = ...) -> None: ...

class TargetPolicy(_message.Message):
    __slots__ = ("name", "probabilities", "largest_probabilities", "predicted_rewards")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    LARGEST_PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_REWARDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    probabilities: _containers.RepeatedScalarFieldContainer[float]
    largest_probabilities: _containers.RepeatedScalarFieldContainer[float]
    predicted_rewards: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, name: _Optional[str] = ..., probabilities: _Optional[_Iterable[float]] = ..., largest_probabilities: _Optional[_Iterable[float]] = ..., predicted_rewards: _Optional[_Iterable[float]] = ...) -> None: ...

class EvaluatePolicyResponse(_message.Message):
    __slots__ = ("rows", "positives", "inverse_probability", "logged", "targets")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    POSITIVES_FIELD_NUMBER: _ClassVar[int]
    INVERSE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    LOGGED_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    rows: int
    positives: int
    inverse_probability: IdentityCheck
    logged: PolicyEvaluation
    targets: _containers.RepeatedCompositeFieldContainer[PolicyEvaluation]
    def __init__(self, rows: _Optional[int] = ..., positives: _Optional[int] = ..., inverse_probability: _Optional[_Union[IdentityCheck, _Mapping]] = ..., logged: _Optional[_Union[PolicyEvaluation, _Mapping]] = ..., targets: _Optional[_Iterable[_Union[PolicyEvaluation, _Mapping]]] = ...) -> None: ...

class PolicyEvaluation(_message.Message):
    __slots__ = ("name", "reward", "value", "verdict")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    name: str
    reward: Valuation
    value: Valuation
    verdict: str
    def __init__(self, name: _Optional[str] = ..., reward: _Optional[_Union[Valuation, _Mapping]] = ..., value: _Optional[_Union[Valuation, _Mapping]] = ..., verdict: _Optional[str] = ...) -> None: ...

class Valuation(_message.Message):
    __slots__ = ("answers", "effective_sample_size", "weighted_positives", "mean_weight", "refusal")
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_SAMPLE_SIZE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTED_POSITIVES_FIELD_NUMBER: _ClassVar[int]
    MEAN_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    answers: _containers.RepeatedCompositeFieldContainer[EstimatorAnswer]
    effective_sample_size: float
    weighted_positives: float
    mean_weight: IdentityCheck
    refusal: Refusal
    def __init__(self, answers: _Optional[_Iterable[_Union[EstimatorAnswer, _Mapping]]] = ..., effective_sample_size: _Optional[float] = ..., weighted_positives: _Optional[float] = ..., mean_weight: _Optional[_Union[IdentityCheck, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...

class EstimatorAnswer(_message.Message):
    __slots__ = ("estimator", "estimate", "refusal")
    ESTIMATOR_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    estimator: Estimator
    estimate: Estimate
    refusal: Refusal
    def __init__(self, estimator: _Optional[_Union[Estimator, str]] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("mean", "low", "high", "effective_sample_size", "weighted_positives")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_SAMPLE_SIZE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTED_POSITIVES_FIELD_NUMBER: _ClassVar[int]
    mean: float
    low: float
    high: float
    effective_sample_size: float
    weighted_positives: float
    def __init__(self, mean: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., effective_sample_size: _Optional[float] = ..., weighted_positives: _Optional[float] = ...) -> None: ...

class IdentityCheck(_message.Message):
    __slots__ = ("mean", "low", "high", "expected", "deviations", "holds")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    DEVIATIONS_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    mean: float
    low: float
    high: float
    expected: float
    deviations: float
    holds: bool
    def __init__(self, mean: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., expected: _Optional[float] = ..., deviations: _Optional[float] = ..., holds: _Optional[bool] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reason", "text")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[Refusal.Reason]
        REASON_LOG_NOT_UNIFORM: _ClassVar[Refusal.Reason]
        REASON_NEVER_TAKEN: _ClassVar[Refusal.Reason]
        REASON_NO_PREDICTIONS: _ClassVar[Refusal.Reason]
        REASON_OTHER_ACTIONS_UNKNOWN: _ClassVar[Refusal.Reason]
        REASON_NO_PARTS: _ClassVar[Refusal.Reason]
        REASON_FEW_EFFECTIVE_ROWS: _ClassVar[Refusal.Reason]
        REASON_PROBABILITIES_DO_NOT_FIT: _ClassVar[Refusal.Reason]
        REASON_FEW_POSITIVES: _ClassVar[Refusal.Reason]
    REASON_UNSPECIFIED: Refusal.Reason
    REASON_LOG_NOT_UNIFORM: Refusal.Reason
    REASON_NEVER_TAKEN: Refusal.Reason
    REASON_NO_PREDICTIONS: Refusal.Reason
    REASON_OTHER_ACTIONS_UNKNOWN: Refusal.Reason
    REASON_NO_PARTS: Refusal.Reason
    REASON_FEW_EFFECTIVE_ROWS: Refusal.Reason
    REASON_PROBABILITIES_DO_NOT_FIT: Refusal.Reason
    REASON_FEW_POSITIVES: Refusal.Reason
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    reason: Refusal.Reason
    text: str
    def __init__(self, reason: _Optional[_Union[Refusal.Reason, str]] = ..., text: _Optional[str] = ...) -> None: ...
