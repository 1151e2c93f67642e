"""Why the data cannot tell, as a code for programs and in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Reason(Enum):
    """Of an estimator that does not apply, or (the last three) of estimates that should not be read as a finding."""

    LOG_NOT_UNIFORM = auto()
    NEVER_TAKEN = auto()
    NO_PREDICTIONS = auto()
    OTHER_ACTIONS_UNKNOWN = auto()
    NO_PARTS = auto()
    FEW_EFFECTIVE_ROWS = auto()
    PROBABILITIES_DO_NOT_FIT = auto()
    FEW_POSITIVES = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: Reason
    text: str


NO_MODEL = Refusal(Reason.NO_PREDICTIONS, "there is no model of this outcome")
OTHER_ACTIONS_UNKNOWN = Refusal(
    Reason.OTHER_ACTIONS_UNKNOWN,
    "the log tells the policy's probability of the action that was taken, not of the others",
)
