import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from tandem.common.v1 import value_pb2 as _value_pb2
from tandem.scoring.v1 import evaluation_pb2 as _evaluation_pb2
from tandem.scoring.v1 import explanation_pb2 as _explanation_pb2
from tandem.scoring.v1 import model_pb2 as _model_pb2
from tandem.scoring.v1 import model_health_pb2 as _model_health_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FeatureDeclaration(_message.Message):
    __slots__ = ("name", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: _value_pb2.AttributeType
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[_value_pb2.AttributeType, str]] = ...) -> None: ...

class ActionDeclaration(_message.Message):
    __slots__ = ("action", "group", "issue", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.TypedValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.TypedValue, _Mapping]] = ...) -> None: ...
    ACTION_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ISSUE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    action: str
    group: str
    issue: str
    attributes: _containers.MessageMap[str, _value_pb2.TypedValue]
    def __init__(self, action: _Optional[str] = ..., group: _Optional[str] = ..., issue: _Optional[str] = ..., attributes: _Optional[_Mapping[str, _value_pb2.TypedValue]] = ...) -> None: ...

class CrossDeclaration(_message.Message):
    __slots__ = ("name", "kind", "feature", "attribute", "window")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[CrossDeclaration.Kind]
        KIND_CONTAINS: _ClassVar[CrossDeclaration.Kind]
        KIND_EQUALS: _ClassVar[CrossDeclaration.Kind]
        KIND_RATIO: _ClassVar[CrossDeclaration.Kind]
        KIND_DIFFERENCE: _ClassVar[CrossDeclaration.Kind]
        KIND_DAYS_SINCE_SHOWN: _ClassVar[CrossDeclaration.Kind]
        KIND_TIMES_SHOWN: _ClassVar[CrossDeclaration.Kind]
    KIND_UNSPECIFIED: CrossDeclaration.Kind
    KIND_CONTAINS: CrossDeclaration.Kind
    KIND_EQUALS: CrossDeclaration.Kind
    KIND_RATIO: CrossDeclaration.Kind
    KIND_DIFFERENCE: CrossDeclaration.Kind
    KIND_DAYS_SINCE_SHOWN: CrossDeclaration.Kind
    KIND_TIMES_SHOWN: CrossDeclaration.Kind
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: CrossDeclaration.Kind
    feature: str
    attribute: str
    window: _duration_pb2.Duration
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[CrossDeclaration.Kind, str]] = ..., feature: _Optional[str] = ..., attribute: _Optional[str] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class MonotoneConstraint(_message.Message):
    __slots__ = ("name", "direction")
    class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DIRECTION_UNSPECIFIED: _ClassVar[MonotoneConstraint.Direction]
        DIRECTION_INCREASING: _ClassVar[MonotoneConstraint.Direction]
        DIRECTION_DECREASING: _ClassVar[MonotoneConstraint.Direction]
    DIRECTION_UNSPECIFIED: MonotoneConstraint.Direction
    DIRECTION_INCREASING: MonotoneConstraint.Direction
    DIRECTION_DECREASING: MonotoneConstraint.Direction
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    direction: MonotoneConstraint.Direction
    def __init__(self, name: _Optional[str] = ..., direction: _Optional[_Union[MonotoneConstraint.Direction, str]] = ...) -> None: ...

class InteractionGroup(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class FeatureSet(_message.Message):
    __slots__ = ("features", "actions", "prior_propensity", "objective", "crosses", "monotone", "interactions", "outcome_window", "prior_value")
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    PRIOR_PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    CROSSES_FIELD_NUMBER: _ClassVar[int]
    MONOTONE_FIELD_NUMBER: _ClassVar[int]
    INTERACTIONS_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_WINDOW_FIELD_NUMBER: _ClassVar[int]
    PRIOR_VALUE_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedCompositeFieldContainer[FeatureDeclaration]
    actions: _containers.RepeatedCompositeFieldContainer[ActionDeclaration]
    prior_propensity: float
    objective: str
    crosses: _containers.RepeatedCompositeFieldContainer[CrossDeclaration]
    monotone: _containers.RepeatedCompositeFieldContainer[MonotoneConstraint]
    interactions: _containers.RepeatedCompositeFieldContainer[InteractionGroup]
    outcome_window: _duration_pb2.Duration
    prior_value: float
    def __init__(self, features: _Optional[_Iterable[_Union[FeatureDeclaration, _Mapping]]] = ..., actions: _Optional[_Iterable[_Union[ActionDeclaration, _Mapping]]] = ..., prior_propensity: _Optional[float] = ..., objective: _Optional[str] = ..., crosses: _Optional[_Iterable[_Union[CrossDeclaration, _Mapping]]] = ..., monotone: _Optional[_Iterable[_Union[MonotoneConstraint, _Mapping]]] = ..., interactions: _Optional[_Iterable[_Union[InteractionGroup, _Mapping]]] = ..., outcome_window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., prior_value: _Optional[float] = ...) -> None: ...

class PublishFeatureSetRequest(_message.Message):
    __slots__ = ("request_id", "feature_set")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_SET_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    feature_set: FeatureSet
    def __init__(self, request_id: _Optional[str] = ..., feature_set: _Optional[_Union[FeatureSet, _Mapping]] = ...) -> None: ...

class PublishFeatureSetResponse(_message.Message):
    __slots__ = ("feature_set_version",)
    FEATURE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    feature_set_version: str
    def __init__(self, feature_set_version: _Optional[str] = ...) -> None: ...

class ScoreActionsRequest(_message.Message):
    __slots__ = ("feature_set_version", "features", "actions", "channels", "placement_ids")
    class FeaturesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Feature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
    FEATURE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    feature_set_version: str
    features: _containers.MessageMap[str, _value_pb2.Feature]
    actions: _containers.RepeatedScalarFieldContainer[str]
    channels: _containers.RepeatedScalarFieldContainer[str]
    placement_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, feature_set_version: _Optional[str] = ..., features: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., actions: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ..., placement_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ScoreActionsResponse(_message.Message):
    __slots__ = ("model_version", "means", "uncertainties", "evidences", "log_odds_means", "log_odds_deviations", "feature_statuses", "shadow", "is_apprentice", "expected_values", "value_uncertainties")
    class FeatureStatusesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.FeatureStatus
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.FeatureStatus, str]] = ...) -> None: ...
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MEANS_FIELD_NUMBER: _ClassVar[int]
    UNCERTAINTIES_FIELD_NUMBER: _ClassVar[int]
    EVIDENCES_FIELD_NUMBER: _ClassVar[int]
    LOG_ODDS_MEANS_FIELD_NUMBER: _ClassVar[int]
    LOG_ODDS_DEVIATIONS_FIELD_NUMBER: _ClassVar[int]
    FEATURE_STATUSES_FIELD_NUMBER: _ClassVar[int]
    SHADOW_FIELD_NUMBER: _ClassVar[int]
    IS_APPRENTICE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VALUES_FIELD_NUMBER: _ClassVar[int]
    VALUE_UNCERTAINTIES_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    means: _containers.RepeatedScalarFieldContainer[float]
    uncertainties: _containers.RepeatedScalarFieldContainer[float]
    evidences: _containers.RepeatedScalarFieldContainer[float]
    log_odds_means: _containers.RepeatedScalarFieldContainer[float]
    log_odds_deviations: _containers.RepeatedScalarFieldContainer[float]
    feature_statuses: _containers.ScalarMap[str, _value_pb2.FeatureStatus]
    shadow: ShadowScores
    is_apprentice: bool
    expected_values: _containers.RepeatedScalarFieldContainer[float]
    value_uncertainties: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, model_version: _Optional[str] = ..., means: _Optional[_Iterable[float]] = ..., uncertainties: _Optional[_Iterable[float]] = ..., evidences: _Optional[_Iterable[float]] = ..., log_odds_means: _Optional[_Iterable[float]] = ..., log_odds_deviations: _Optional[_Iterable[float]] = ..., feature_statuses: _Optional[_Mapping[str, _value_pb2.FeatureStatus]] = ..., shadow: _Optional[_Union[ShadowScores, _Mapping]] = ..., is_apprentice: _Optional[bool] = ..., expected_values: _Optional[_Iterable[float]] = ..., value_uncertainties: _Optional[_Iterable[float]] = ...) -> None: ...

class ShadowScores(_message.Message):
    __slots__ = ("model_version", "means")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MEANS_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    means: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, model_version: _Optional[str] = ..., means: _Optional[_Iterable[float]] = ...) -> None: ...

class RescoreActionsRequest(_message.Message):
    __slots__ = ("question", "model_version")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    question: ScoreActionsRequest
    model_version: str
    def __init__(self, question: _Optional[_Union[ScoreActionsRequest, _Mapping]] = ..., model_version: _Optional[str] = ...) -> None: ...

class RescoreActionsResponse(_message.Message):
    __slots__ = ("scores",)
    SCORES_FIELD_NUMBER: _ClassVar[int]
    scores: ScoreActionsResponse
    def __init__(self, scores: _Optional[_Union[ScoreActionsResponse, _Mapping]] = ...) -> None: ...

class BatchScoreActionsRequest(_message.Message):
    __slots__ = ("feature_set_version", "subjects", "actions", "channels", "placement_ids")
    class Subject(_message.Message):
        __slots__ = ("features", "candidates")
        class FeaturesEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: _value_pb2.Feature
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
        FEATURES_FIELD_NUMBER: _ClassVar[int]
        CANDIDATES_FIELD_NUMBER: _ClassVar[int]
        features: _containers.MessageMap[str, _value_pb2.Feature]
        candidates: _containers.RepeatedScalarFieldContainer[int]
        def __init__(self, features: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., candidates: _Optional[_Iterable[int]] = ...) -> None: ...
    FEATURE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    feature_set_version: str
    subjects: _containers.RepeatedCompositeFieldContainer[BatchScoreActionsRequest.Subject]
    actions: _containers.RepeatedScalarFieldContainer[str]
    channels: _containers.RepeatedScalarFieldContainer[str]
    placement_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, feature_set_version: _Optional[str] = ..., subjects: _Optional[_Iterable[_Union[BatchScoreActionsRequest.Subject, _Mapping]]] = ..., actions: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ..., placement_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchScoreActionsResponse(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("scores", "error")
        SCORES_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        scores: ScoreActionsResponse
        error: _status_pb2.Status
        def __init__(self, scores: _Optional[_Union[ScoreActionsResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchScoreActionsResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchScoreActionsResponse.Item, _Mapping]]] = ...) -> None: ...

class Reward(_message.Message):
    __slots__ = ("reward_key", "feature_set_version", "action", "channel", "placement_id", "features", "reward", "reward_time", "prediction", "value")
    class FeaturesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Feature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Feature, _Mapping]] = ...) -> None: ...
    REWARD_KEY_FIELD_NUMBER: _ClassVar[int]
    FEATURE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    REWARD_TIME_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    reward_key: str
    feature_set_version: str
    action: str
    channel: str
    placement_id: str
    features: _containers.MessageMap[str, _value_pb2.Feature]
    reward: float
    reward_time: _timestamp_pb2.Timestamp
    prediction: Prediction
    value: float
    def __init__(self, reward_key: _Optional[str] = ..., feature_set_version: _Optional[str] = ..., action: _Optional[str] = ..., channel: _Optional[str] = ..., placement_id: _Optional[str] = ..., features: _Optional[_Mapping[str, _value_pb2.Feature]] = ..., reward: _Optional[float] = ..., reward_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., prediction: _Optional[_Union[Prediction, _Mapping]] = ..., value: _Optional[float] = ...) -> None: ...

class Prediction(_message.Message):
    __slots__ = ("model_version", "propensity", "shadow_model_version", "shadow_propensity", "choice_probability", "decision_time", "candidates")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    SHADOW_MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SHADOW_PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    CHOICE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    DECISION_TIME_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    propensity: float
    shadow_model_version: str
    shadow_propensity: float
    choice_probability: float
    decision_time: _timestamp_pb2.Timestamp
    candidates: int
    def __init__(self, model_version: _Optional[str] = ..., propensity: _Optional[float] = ..., shadow_model_version: _Optional[str] = ..., shadow_propensity: _Optional[float] = ..., choice_probability: _Optional[float] = ..., decision_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., candidates: _Optional[int] = ...) -> None: ...

class RecordRewardsRequest(_message.Message):
    __slots__ = ("request_id", "rewards")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REWARDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    rewards: _containers.RepeatedCompositeFieldContainer[Reward]
    def __init__(self, request_id: _Optional[str] = ..., rewards: _Optional[_Iterable[_Union[Reward, _Mapping]]] = ...) -> None: ...

class RecordRewardsResponse(_message.Message):
    __slots__ = ("items", "model_version")
    class Result(_message.Message):
        __slots__ = ("reward_key", "duplicate")
        REWARD_KEY_FIELD_NUMBER: _ClassVar[int]
        DUPLICATE_FIELD_NUMBER: _ClassVar[int]
        reward_key: str
        duplicate: bool
        def __init__(self, reward_key: _Optional[str] = ..., duplicate: _Optional[bool] = ...) -> None: ...
    class Item(_message.Message):
        __slots__ = ("result", "error")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        result: RecordRewardsResponse.Result
        error: _status_pb2.Status
        def __init__(self, result: _Optional[_Union[RecordRewardsResponse.Result, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[RecordRewardsResponse.Item]
    model_version: str
    def __init__(self, items: _Optional[_Iterable[_Union[RecordRewardsResponse.Item, _Mapping]]] = ..., model_version: _Optional[str] = ...) -> None: ...

class EraseSubjectDataRequest(_message.Message):
    __slots__ = ("request_id", "decision_ids")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_IDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    decision_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., decision_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class EraseSubjectDataResponse(_message.Message):
    __slots__ = ("erased_count",)
    ERASED_COUNT_FIELD_NUMBER: _ClassVar[int]
    erased_count: int
    def __init__(self, erased_count: _Optional[int] = ...) -> None: ...

class TrainModelRequest(_message.Message):
    __slots__ = ("request_id", "objective", "days", "seed")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    objective: str
    days: int
    seed: int
    def __init__(self, request_id: _Optional[str] = ..., objective: _Optional[str] = ..., days: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class TrainModelResponse(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: _model_pb2.Training
    def __init__(self, training: _Optional[_Union[_model_pb2.Training, _Mapping]] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ("objective",)
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    objective: str
    def __init__(self, objective: _Optional[str] = ...) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models", "trainings", "assignments")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_model_pb2.Model]
    trainings: _containers.RepeatedCompositeFieldContainer[_model_pb2.Training]
    assignments: _containers.RepeatedCompositeFieldContainer[_model_pb2.Assignment]
    def __init__(self, models: _Optional[_Iterable[_Union[_model_pb2.Model, _Mapping]]] = ..., trainings: _Optional[_Iterable[_Union[_model_pb2.Training, _Mapping]]] = ..., assignments: _Optional[_Iterable[_Union[_model_pb2.Assignment, _Mapping]]] = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ("model_id",)
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    def __init__(self, model_id: _Optional[str] = ...) -> None: ...

class GetModelResponse(_message.Message):
    __slots__ = ("model",)
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: _model_pb2.Model
    def __init__(self, model: _Optional[_Union[_model_pb2.Model, _Mapping]] = ...) -> None: ...

class ActivateModelRequest(_message.Message):
    __slots__ = ("request_id", "model_id", "role", "expected_revision", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    model_id: str
    role: _model_pb2.ModelRole
    expected_revision: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., model_id: _Optional[str] = ..., role: _Optional[_Union[_model_pb2.ModelRole, str]] = ..., expected_revision: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ActivateModelResponse(_message.Message):
    __slots__ = ("assignment",)
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    assignment: _model_pb2.Assignment
    def __init__(self, assignment: _Optional[_Union[_model_pb2.Assignment, _Mapping]] = ...) -> None: ...
