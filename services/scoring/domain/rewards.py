"""Rewards, and the log of them that the model is a fold of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from services.scoring.domain.amounts import MAX_VALUE
from services.scoring.domain.feature_set import MAX_NAME_LENGTH
from shared.clock import MAX_CLOCK_SKEW_MS
from shared.errors import InvalidArgument
from shared.values import Feature

MAX_KEY_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said of a presentation when the decision was made.

    `choice_probability` is 0 where it is not known, `shadow_version` empty where no model was tried.
    """

    model_version: str
    propensity: float
    choice_probability: float = 0.0
    shadow_version: str = ""
    shadow_propensity: float = 0.0
    decision_time_ms: int | None = None
    """When its outcome window began; None where nobody says."""
    candidates: int = 0
    """Among how many it was chosen; 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Reward:
    """What one presentation led to, with the features as they were when the decision was made."""

    reward_key: str
    feature_set_version: str
    action: str
    channel: str
    placement_id: str
    features: Mapping[str, Feature]
    reward: float
    reward_time_ms: int | None = None
    """None until it is recorded, where the caller does not say."""
    prediction: Prediction | None = None
    value: float | None = None
    """What the success was worth; None where nobody knows, and of what is none."""

    @property
    def worth(self) -> Worth:
        return Worth(self.reward, self.value)


class Worth(NamedTuple):
    """What a key is worth."""

    reward: float
    value: float | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A reward at its place in the log. With its feature set it is all that learning needs.

    `previous_reward` is what the key was worth before, None at its first reward, `previous_value` the amount of that.
    """

    position: int
    reward: Reward
    previous_reward: float | None
    previous_value: float | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """An entry without what a model looks at."""

    position: int
    reward_key: str
    feature_set_version: str
    reward: float
    reward_time_ms: int
    is_first: bool
    """Of its key."""
    prediction: Prediction | None


@dataclass(frozen=True, slots=True)
class ErasedEntry:
    """The place of an entry whose person was erased: a snapshot that was made before has learnt it."""

    position: int


def check_reward(reward: Reward, path: str, now_ms: int) -> None:
    """Raises InvalidArgument, naming the field, for what cannot be, whatever the feature set."""
    key = reward.reward_key
    if not (0 < len(key) <= MAX_KEY_LENGTH and key.isprintable()):
        raise InvalidArgument.field(f"{path}.reward_key", f"must be 1 to {MAX_KEY_LENGTH} printable characters")
    for field, text in (("channel", reward.channel), ("placement_id", reward.placement_id)):
        if len(text) > MAX_NAME_LENGTH or not text.isprintable():
            raise InvalidArgument.field(f"{path}.{field}", f"must be at most {MAX_NAME_LENGTH} printable characters")
    if not 0.0 <= reward.reward <= 1.0:  # neither is NaN
        raise InvalidArgument.field(f"{path}.reward", "must be a number from 0 to 1")
    if reward.value is not None:
        _check_value(reward, f"{path}.value")
    if reward.reward_time_ms is not None and not 0 <= reward.reward_time_ms <= now_ms + MAX_CLOCK_SKEW_MS:
        raise InvalidArgument.field(f"{path}.reward_time", "must be between 1970 and now")
    if reward.prediction is not None:
        _check_prediction(reward.prediction, f"{path}.prediction", now_ms)


def _check_value(reward: Reward, path: str) -> None:
    if reward.value is None or not 0.0 <= reward.value <= MAX_VALUE:  # neither is NaN
        raise InvalidArgument.field(path, f"must be a number from 0 to {MAX_VALUE:g}")
    if reward.reward == 0.0:
        raise InvalidArgument.field(path, "must be unset where the reward is 0: only a success has a value")


def _check_prediction(said: Prediction, path: str, now_ms: int) -> None:
    if said.decision_time_ms is not None and not 0 <= said.decision_time_ms <= now_ms + MAX_CLOCK_SKEW_MS:
        raise InvalidArgument.field(f"{path}.decision_time", "must be between 1970 and now")
    for field, version in (("model_version", said.model_version), ("shadow_model_version", said.shadow_version)):
        if len(version) > MAX_NAME_LENGTH or not version.isprintable():
            raise InvalidArgument.field(f"{path}.{field}", f"must be at most {MAX_NAME_LENGTH} printable characters")
    if said.candidates < 0:
        raise InvalidArgument.field(f"{path}.candidates", "must not be negative")
    numbers = (
        ("propensity", said.propensity),
        ("shadow_propensity", said.shadow_propensity),
        ("choice_probability", said.choice_probability),
    )
    for field, number in numbers:
        if not 0.0 <= number <= 1.0:  # neither is NaN
            raise InvalidArgument.field(f"{path}.{field}", "must be a number from 0 to 1")
