"""Records as msgpack: the same bytes on SQLite and on MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

import msgspec

from services.scoring.domain.feature_set import (
    DEFAULT_OBJECTIVE,
    ActionDeclaration,
    CrossDeclaration,
    CrossKind,
    FeatureDeclaration,
    FeatureSet,
)
from services.scoring.domain.reward_batch import Addition, Holder, Receipt, RewardOutcome
from services.scoring.domain.rewards import ErasedEntry, LogEntry, Outline, Prediction, Reward
from shared import errors
from shared.values import AttributeType, Feature, FeatureStatus, Value

_ERRORS: Mapping[str, type[errors.TandemError]] = {
    kind.__name__: kind for kind in (errors.InvalidArgument, errors.NotFound)
}


_STATUSES = {int(status): status for status in FeatureStatus}
"""Looked up: calling an enumeration takes three times as long, and logs have millions of them."""


def encode_feature_set(feature_set: FeatureSet) -> bytes:
    return msgspec.msgpack.encode(
        {
            "features": [(feature.name, int(feature.type)) for feature in feature_set.features],
            "actions": [(each.action, each.group, each.issue, dict(each.attributes)) for each in feature_set.actions],
            "prior_propensity": feature_set.prior_propensity,
            "objective": feature_set.objective,
            "crosses": [each.parts for each in feature_set.crosses],
            "monotone": dict(feature_set.monotone),
            "interactions": feature_set.interactions,
            "prior_value": feature_set.prior_value,
            "outcome_window_ms": feature_set.outcome_window_ms,
        }
    )


def decode_feature_set(content: bytes) -> FeatureSet:
    stored = msgspec.msgpack.decode(content)
    return FeatureSet(
        features=tuple(FeatureDeclaration(name, AttributeType(kind)) for name, kind in stored["features"]),
        actions=tuple(
            ActionDeclaration(action, group, issue, {name: _value(value) for name, value in attributes.items()})
            for action, group, issue, attributes in stored["actions"]
        ),
        prior_propensity=stored["prior_propensity"],
        objective=stored.get("objective", DEFAULT_OBJECTIVE),
        crosses=tuple(
            CrossDeclaration(name, CrossKind(kind), *others) for name, kind, *others in stored.get("crosses", ())
        ),
        monotone=stored.get("monotone", {}),
        interactions=tuple(map(tuple, stored.get("interactions", ()))),
        prior_value=stored.get("prior_value", 0.0),
        outcome_window_ms=stored.get("outcome_window_ms", 0),
    )


def encode_addition(addition: Addition) -> bytes:
    reward = addition.reward
    # Only where there are values: who reads the log and does not know of them must not learn such entries by half.
    values = {"value": reward.value, "previous_value": addition.previous_value}
    return msgspec.msgpack.encode(
        {name: value for name, value in values.items() if value is not None}
        | {
            "reward_key": reward.reward_key,
            "feature_set_version": reward.feature_set_version,
            "action": reward.action,
            "channel": reward.channel,
            "placement_id": reward.placement_id,
            "features": {name: (int(each.status), each.value) for name, each in reward.features.items()},
            "reward": reward.reward,
            "reward_time_ms": reward.reward_time_ms,
            "previous_reward": addition.previous_reward,
            "prediction": reward.prediction and _stored_prediction(reward.prediction),
        }
    )


def _stored_prediction(said: Prediction) -> tuple[Any, ...]:
    """The number of candidates only where it is known: as it was stored before there was one."""
    stored = astuple(said)
    return stored if said.candidates else stored[:-1]


ERASED = msgspec.msgpack.encode({"is_erased": True})
"""The content of an entry whose person was erased."""


def decode_entry(position: int, content: bytes) -> LogEntry | ErasedEntry:
    return ErasedEntry(position) if content == ERASED else decode_addition(content).at(position)


class _Outline(msgspec.Struct):
    """Of a stored entry; what is not here is passed over without being decoded."""

    is_erased: bool = False
    reward_key: str = ""
    feature_set_version: str = ""
    reward: float = 0.0
    reward_time_ms: int | None = None
    previous_reward: float | None = None
    prediction: tuple[Any, ...] | None = None


_OUTLINE = msgspec.msgpack.Decoder(_Outline)


def decode_outline(position: int, content: bytes) -> Outline | ErasedEntry:
    """A tenth of the work of `decode_entry`."""
    stored = _OUTLINE.decode(content)
    if stored.is_erased:
        return ErasedEntry(position)
    return Outline(
        position,
        stored.reward_key,
        stored.feature_set_version,
        stored.reward,
        stored.reward_time_ms or 0,
        is_first=stored.previous_reward is None,
        prediction=Prediction(*stored.prediction) if stored.prediction else None,
    )


class _Holder(msgspec.Struct):
    action: str
    feature_set_version: str


_HOLDER = msgspec.msgpack.Decoder(_Holder)


def decode_holder(content: bytes) -> Holder:
    """Of an entry that was not erased."""
    stored = _HOLDER.decode(content)
    return Holder(stored.action, stored.feature_set_version)


def decode_addition(content: bytes) -> Addition:
    stored = msgspec.msgpack.decode(content)
    previous_reward, said = stored.pop("previous_reward"), stored.pop("prediction", None)
    previous_value = stored.pop("previous_value", None)
    features = {name: Feature(_value(v), _STATUSES[status]) for name, (status, v) in stored.pop("features").items()}
    prediction = Prediction(*said) if said else None
    return Addition(Reward(features=features, prediction=prediction, **stored), previous_reward, previous_value)


def encode_outcomes(receipt: Receipt) -> bytes:
    return msgspec.msgpack.encode(
        [(each.reward_key, each.is_duplicate, _stored_error(each.error)) for each in receipt.outcomes]
    )


def decode_receipt(body_hash: str, content: bytes) -> Receipt:
    stored = msgspec.msgpack.decode(content)
    return Receipt(body_hash, tuple(RewardOutcome(key, dup, _error(error)) for key, dup, error in stored))


def _stored_error(error: errors.TandemError | None) -> tuple[Any, ...] | None:
    if error is None:
        return None
    violations = [(each.field, each.description) for each in error.violations]
    return type(error).__name__, error.reason, error.message, error.metadata, violations


def _error(stored: list[Any] | None) -> errors.TandemError | None:
    if stored is None:
        return None
    kind, reason, message, metadata, violations = stored
    found = [errors.Violation(*each) for each in violations]
    return _ERRORS[kind](reason, message, metadata=metadata, violations=found)


def _value(stored: Any) -> Value:
    return tuple(stored) if isinstance(stored, list) else stored
