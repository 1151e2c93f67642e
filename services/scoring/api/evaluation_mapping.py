"""Messages of EvaluatePolicy to domain values and back."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from tandem.scoring.v1 import evaluation_pb2 as pb

from services.scoring.app.evaluate_policy import DEFAULT_CONFIDENCE, EvaluationOptions, EvaluationQuery
from services.scoring.app.policy_query import LogColumns, PredictionColumns, TargetColumns, targets_on_log
from services.scoring.domain.evaluation.estimates import ESTIMATORS, Values
from services.scoring.domain.evaluation.estimators import Estimate
from services.scoring.domain.evaluation.identity import Identity
from services.scoring.domain.evaluation.refusal import Refusal
from services.scoring.domain.evaluation.targets import TargetEvaluation, TargetValue
from shared.errors import InvalidArgument

_NAMES = {kind: f"ESTIMATOR_{kind.upper()}" for kind in ESTIMATORS}
_KINDS = {pb.Estimator.Value(name): kind for kind, name in _NAMES.items()}


def query_from_proto(message: pb.EvaluatePolicyRequest) -> EvaluationQuery:
    """Takes some milliseconds for each 100,000 numbers. Raises InvalidArgument."""
    kinds = []
    for place, number in enumerate(message.estimators):
        if number not in _KINDS:
            raise InvalidArgument.field(f"estimators[{place}]", f"must be an estimator, not {number}")
        kinds.append(_KINDS[number])
    confidence = message.confidence if message.HasField("confidence") else DEFAULT_CONFIDENCE
    return EvaluationQuery(
        asked=targets_on_log(_log_from_proto(message.log), [_target_from_proto(each) for each in message.targets]),
        options=EvaluationOptions(frozenset(kinds), confidence, message.seed),
    )


def evaluated_to_proto(found: TargetEvaluation) -> pb.EvaluatePolicyResponse:
    identity = found.inverse_probability
    return pb.EvaluatePolicyResponse(
        rows=found.rows,
        positives=found.positives,
        inverse_probability=None if identity is None else _identity_to_proto(identity),
        logged=_policy_to_proto(found.logged),
        targets=[_policy_to_proto(target) for target in found.targets],
    )


def _log_from_proto(message: pb.DecisionLog) -> LogColumns:
    ends = message.reward_range
    return LogColumns(
        rewards=_column(message.rewards),
        choice_probabilities=_column(message.choice_probabilities),
        eligible_counts=_column(message.eligible_counts),
        values=_column(message.values),
        reward_range=(ends.low, ends.high) if message.HasField("reward_range") else (0.0, 1.0),
        predictions=_predictions_from_proto(message.predictions) if message.HasField("predictions") else None,
    )


def _predictions_from_proto(message: pb.RewardPredictions) -> PredictionColumns:
    return PredictionColumns(_column(message.rewards), _column(message.largest_rewards), _column(message.parts))


def _target_from_proto(message: pb.TargetPolicy) -> TargetColumns:
    return TargetColumns(
        name=message.name,
        probabilities=_column(message.probabilities),
        largest_probabilities=_column(message.largest_probabilities),
        predicted_rewards=_column(message.predicted_rewards),
    )


def _column(numbers: Collection[float]) -> NDArray[np.float64]:
    return np.fromiter(numbers, np.float64, len(numbers))


def _policy_to_proto(found: TargetValue) -> pb.PolicyEvaluation:
    return pb.PolicyEvaluation(
        name=found.name,
        reward=_values_to_proto(found.reward),
        value=None if found.value is None else _values_to_proto(found.value),
        verdict=found.verdict,
    )


def _values_to_proto(values: Values) -> pb.Valuation:
    doubt = values.doubt()
    return pb.Valuation(
        answers=[_answer_to_proto(kind, values) for kind in ESTIMATORS if kind in {*values.estimates, *values.refused}],
        effective_sample_size=values.effective_sample_size,
        weighted_positives=values.weighted_positives,
        mean_weight=_identity_to_proto(values.mean_weight),
        refusal=None if doubt is None else _refusal_to_proto(doubt),
    )


def _answer_to_proto(kind: str, values: Values) -> pb.EstimatorAnswer:
    name = _NAMES[kind]
    if kind in values.refused:
        return pb.EstimatorAnswer(estimator=name, refusal=_refusal_to_proto(values.refused[kind]))
    return pb.EstimatorAnswer(estimator=name, estimate=_estimate_to_proto(values.estimates[kind]))


def _estimate_to_proto(estimate: Estimate) -> pb.Estimate:
    return pb.Estimate(
        mean=estimate.mean,
        low=estimate.low,
        high=estimate.high,
        effective_sample_size=estimate.effective_sample_size,
        weighted_positives=estimate.weighted_positives,
    )


def _identity_to_proto(identity: Identity) -> pb.IdentityCheck:
    return pb.IdentityCheck(
        mean=identity.mean,
        low=identity.low,
        high=identity.high,
        expected=identity.expected,
        deviations=identity.deviations,
        holds=identity.holds,
    )


def _refusal_to_proto(refusal: Refusal) -> pb.Refusal:
    return pb.Refusal(reason=f"REASON_{refusal.reason.name}", text=refusal.text)
