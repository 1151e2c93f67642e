import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_ROLE_UNSPECIFIED: _ClassVar[ModelRole]
    MODEL_ROLE_CHAMPION: _ClassVar[ModelRole]
    MODEL_ROLE_CHALLENGER: _ClassVar[ModelRole]
    MODEL_ROLE_APPRENTICE: _ClassVar[ModelRole]
MODEL_ROLE_UNSPECIFIED: ModelRole
MODEL_ROLE_CHAMPION: ModelRole
MODEL_ROLE_CHALLENGER: ModelRole
MODEL_ROLE_APPRENTICE: ModelRole

class Model(_message.Message):
    __slots__ = ("model_id", "objective", "role", "train_time", "feature_set_version", "window_start_time", "window_end_time", "rows", "positives", "trained_through", "learns_after", "features", "metrics", "parent_model_id", "trees", "bytes", "lineage", "serves_as")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class LineageEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    TRAIN_TIME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_TIME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_TIME_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    POSITIVES_FIELD_NUMBER: _ClassVar[int]
    TRAINED_THROUGH_FIELD_NUMBER: _ClassVar[int]
    LEARNS_AFTER_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    PARENT_MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    TREES_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    LINEAGE_FIELD_NUMBER: _ClassVar[int]
    SERVES_AS_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    objective: str
    role: ModelRole
    train_time: _timestamp_pb2.Timestamp
    feature_set_version: str
    window_start_time: _timestamp_pb2.Timestamp
    window_end_time: _timestamp_pb2.Timestamp
    rows: int
    positives: int
    trained_through: int
    learns_after: int
    features: _containers.RepeatedScalarFieldContainer[str]
    metrics: _containers.ScalarMap[str, float]
    parent_model_id: str
    trees: int
    bytes: int
    lineage: _containers.ScalarMap[str, str]
    serves_as: ModelRole
    def __init__(self, model_id: _Optional[str] = ..., objective: _Optional[str] = ..., role: _Optional[_Union[ModelRole, str]] = ..., train_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., feature_set_version: _Optional[str] = ..., window_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rows: _Optional[int] = ..., positives: _Optional[int] = ..., trained_through: _Optional[int] = ..., learns_after: _Optional[int] = ..., features: _Optional[_Iterable[str]] = ..., metrics: _Optional[_Mapping[str, float]] = ..., parent_model_id: _Optional[str] = ..., trees: _Optional[int] = ..., bytes: _Optional[int] = ..., lineage: _Optional[_Mapping[str, str]] = ..., serves_as: _Optional[_Union[ModelRole, str]] = ...) -> None: ...

class Training(_message.Message):
    __slots__ = ("training_id", "objective", "state", "start_time", "end_time", "rounds", "model_id", "message")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Training.State]
        STATE_RUNNING: _ClassVar[Training.State]
        STATE_SUCCEEDED: _ClassVar[Training.State]
        STATE_FAILED: _ClassVar[Training.State]
    STATE_UNSPECIFIED: Training.State
    STATE_RUNNING: Training.State
    STATE_SUCCEEDED: Training.State
    STATE_FAILED: Training.State
    TRAINING_ID_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ROUNDS_FIELD_NUMBER: _ClassVar[int]
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    training_id: str
    objective: str
    state: Training.State
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    rounds: int
    model_id: str
    message: str
    def __init__(self, training_id: _Optional[str] = ..., objective: _Optional[str] = ..., state: _Optional[_Union[Training.State, str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rounds: _Optional[int] = ..., model_id: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class Assignment(_message.Message):
    __slots__ = ("objective", "revision", "champion_model_id", "is_apprentice", "challenger_model_id", "change_time", "reason")
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CHAMPION_MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    IS_APPRENTICE_FIELD_NUMBER: _ClassVar[int]
    CHALLENGER_MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    objective: str
    revision: int
    champion_model_id: str
    is_apprentice: bool
    challenger_model_id: str
    change_time: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, objective: _Optional[str] = ..., revision: _Optional[int] = ..., champion_model_id: _Optional[str] = ..., is_apprentice: _Optional[bool] = ..., challenger_model_id: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ModelQuality(_message.Message):
    __slots__ = ("model_id", "presentations", "positives", "auc", "log_loss", "calibration_error", "calibration_ratio", "bins")
    class Bin(_message.Message):
        __slots__ = ("count", "mean_prediction", "mean_reward")
        COUNT_FIELD_NUMBER: _ClassVar[int]
        MEAN_PREDICTION_FIELD_NUMBER: _ClassVar[int]
        MEAN_REWARD_FIELD_NUMBER: _ClassVar[int]
        count: int
        mean_prediction: float
        mean_reward: float
        def __init__(self, count: _Optional[int] = ..., mean_prediction: _Optional[float] = ..., mean_reward: _Optional[float] = ...) -> None: ...
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    PRESENTATIONS_FIELD_NUMBER: _ClassVar[int]
    POSITIVES_FIELD_NUMBER: _ClassVar[int]
    AUC_FIELD_NUMBER: _ClassVar[int]
    LOG_LOSS_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_ERROR_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_RATIO_FIELD_NUMBER: _ClassVar[int]
    BINS_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    presentations: int
    positives: float
    auc: float
    log_loss: float
    calibration_error: float
    calibration_ratio: float
    bins: _containers.RepeatedCompositeFieldContainer[ModelQuality.Bin]
    def __init__(self, model_id: _Optional[str] = ..., presentations: _Optional[int] = ..., positives: _Optional[float] = ..., auc: _Optional[float] = ..., log_loss: _Optional[float] = ..., calibration_error: _Optional[float] = ..., calibration_ratio: _Optional[float] = ..., bins: _Optional[_Iterable[_Union[ModelQuality.Bin, _Mapping]]] = ...) -> None: ...

class FeatureHealth(_message.Message):
    __slots__ = ("name", "share_missing", "psi")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SHARE_MISSING_FIELD_NUMBER: _ClassVar[int]
    PSI_FIELD_NUMBER: _ClassVar[int]
    name: str
    share_missing: float
    psi: float
    def __init__(self, name: _Optional[str] = ..., share_missing: _Optional[float] = ..., psi: _Optional[float] = ...) -> None: ...
