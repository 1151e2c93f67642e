"""The registry and the health of models, as messages."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.scoring.v1 import model_health_pb2, model_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.app.models import Activation, RegisteredModel, Registry
from services.scoring.domain.health.quality import ModelQuality
from services.scoring.domain.health.report import FeatureHealth, HealthReport
from services.scoring.domain.models import Assignment, ModelRole, Training
from shared.errors import InvalidArgument
from shared.rpc.values import timestamp_proto


def activation_from_proto(message: pb.ActivateModelRequest) -> Activation:
    try:
        role = ModelRole(message.role)
    except ValueError:
        raise InvalidArgument.field("role", "must be CHAMPION, CHALLENGER or APPRENTICE") from None
    if message.expected_revision < 0:
        raise InvalidArgument.field("expected_revision", "must be a revision, or 0 for whatever it is")
    return Activation(message.model_id, role, message.expected_revision, message.reason)


def registry_to_proto(registry: Registry) -> pb.ListModelsResponse:
    return pb.ListModelsResponse(
        models=[model_to_proto(model) for model in registry.models],
        trainings=[training_to_proto(training) for training in registry.trainings],
        assignments=[assignment_to_proto(assignment) for assignment in registry.assignments],
    )


def model_to_proto(model: RegisteredModel) -> model_pb2.Model:
    """A model without a base was trained at no time, on no data."""
    record = model.record
    message = model_pb2.Model(
        model_id=record.model_id,
        objective=record.objective,
        role=int(model.role or 0),  # type: ignore[arg-type]  # numbers of ModelRole
        serves_as=int(model.serves_as or 0),  # type: ignore[arg-type]  # the same
        feature_set_version=record.feature_set_version,
        rows=record.rows,
        positives=record.positives,
        trained_through=record.trained_through,
        learns_after=record.learns_after,
        features=record.features,
        metrics=dict(record.metrics),
        parent_model_id=record.parent,
        trees=record.trees,
        bytes=record.bytes,
        lineage=dict(record.lineage),
    )
    if record.train_time_ms:
        message.train_time.CopyFrom(timestamp_proto(record.train_time_ms))
        message.window_start_time.CopyFrom(timestamp_proto(record.window_start_ms))
        message.window_end_time.CopyFrom(timestamp_proto(record.window_end_ms))
    return message


def training_to_proto(training: Training) -> model_pb2.Training:
    message = model_pb2.Training(
        training_id=training.training_id,
        objective=training.objective,
        state=int(training.state),  # type: ignore[arg-type]  # numbers of Training.State
        start_time=timestamp_proto(training.start_ms),
        rounds=training.rounds,
        model_id=training.model_id,
        message=training.message,
    )
    if training.end_ms:
        message.end_time.CopyFrom(timestamp_proto(training.end_ms))
    return message


def assignment_to_proto(assignment: Assignment) -> model_pb2.Assignment:
    message = model_pb2.Assignment(
        objective=assignment.objective,
        revision=assignment.revision,
        champion_model_id=assignment.champion,
        is_apprentice=assignment.is_apprentice,
        challenger_model_id=assignment.challenger,
        reason=assignment.reason,
    )
    if assignment.revision:
        message.change_time.CopyFrom(timestamp_proto(assignment.change_time_ms))
    return message


def health_to_proto(report: HealthReport) -> model_health_pb2.GetModelHealthResponse:
    return model_health_pb2.GetModelHealthResponse(
        objective=report.assignment.objective,
        assignment=assignment_to_proto(report.assignment),
        qualities=_qualities(report.qualities),
        features=[_feature(feature) for feature in report.features],
        exploration_entropy=report.exploration_entropy,
        exploration_share=report.exploration_share,
        serving_model_id=report.serving or report.assignment.champion,
        alarms=report.alarms,
    )


def _qualities(qualities: Sequence[ModelQuality]) -> list[model_pb2.ModelQuality]:
    return [
        model_pb2.ModelQuality(
            model_id=each.model_id,
            presentations=each.presentations,
            positives=each.positives,
            auc=each.auc,
            log_loss=each.log_loss,
            calibration_error=each.calibration_error,
            calibration_ratio=each.calibration_ratio,
            bins=[
                model_pb2.ModelQuality.Bin(
                    count=found.count, mean_prediction=found.mean_prediction, mean_reward=found.mean_reward
                )
                for found in each.bins
            ],
        )
        for each in qualities
    ]


def _feature(feature: FeatureHealth) -> model_pb2.FeatureHealth:
    return model_pb2.FeatureHealth(name=feature.name, share_missing=feature.share_missing, psi=feature.psi)
