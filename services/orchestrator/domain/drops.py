"""Candidates that fell to a built-in check: columns for counting, sentences only for those who ask.

One block per check that dropped anything; `action` and `channel` are catalogue indices, one entry per drop:

    action   int32[D]
    channel  int32[D]     EVERY_CHANNEL where the action fell on all of them
    observed float64[D]   what a numeric check saw, NaN where it saw nothing
    margin   float64[D]   money it lacked to the first of its placement; None but for PRIORITY
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum

import numpy as np
from numpy.typing import NDArray

EVERY_CHANNEL = -1


class Stage(IntEnum):
    """Numbers are those of tandem.common.v1.DropStage."""

    SUPPRESSION = 1
    ELIGIBILITY = 2
    APPLICABILITY = 3
    SUITABILITY = 4
    CONSENT = 5
    CHANNEL = 6
    CONTACT_POLICY = 7
    VOLUME = 8
    ARBITRATION = 9


class Check(Enum):
    """The built-in checks, as drop reasons name them, with their stages."""

    EXCLUDED = ("excluded_actions", Stage.SUPPRESSION)
    PAUSED = ("paused", Stage.ELIGIBILITY)
    VALID_FROM = ("valid_from", Stage.ELIGIBILITY)
    VALID_UNTIL = ("valid_until", Stage.ELIGIBILITY)
    CONSENT = ("consent", Stage.CONSENT)
    TREATMENT = ("treatment", Stage.CHANNEL)
    ACCEPTS = ("accepts", Stage.CHANNEL)
    QUIET_HOURS = ("quiet_hours", Stage.CONTACT_POLICY)
    CONTACT_LIMIT = ("contact_limit", Stage.CONTACT_POLICY)
    CHANNEL_PRIORITY = ("channel_priority", Stage.CONTACT_POLICY)
    CONTACT_LEDGER = ("contact_ledger", Stage.CONTACT_POLICY)
    CONTACT_GAP = ("contact_gap", Stage.CONTACT_POLICY)
    HOLDOUT = ("holdout", Stage.ARBITRATION)
    VOLUME = ("volume", Stage.VOLUME)
    BUSINESS_VALUE = ("business_value", Stage.ARBITRATION)
    CONTEXT_WEIGHT = ("context_weight", Stage.ARBITRATION)
    PRIORITY = ("priority", Stage.ARBITRATION)
    AT_MOST = ("at_most", Stage.ARBITRATION)
    RANDOMISED_SILENCE = ("randomised_silence", Stage.ARBITRATION)

    @property
    def rule_id(self) -> str:
        return self.value[0]

    @property
    def stage(self) -> Stage:
        return self.value[1]


@dataclass(frozen=True, slots=True, eq=False)
class DropBlock:
    """What one check dropped; the columns drawn above."""

    check: Check
    action: NDArray[np.int32]
    channel: NDArray[np.int32]
    observed: NDArray[np.float64]
    rule: str = ""
    """Which rule, for a check of several: the id of a contact limit or a quiet hour."""
    margin: NDArray[np.float64] | None = None

    @property
    def rule_id(self) -> str:
        return self.rule or self.check.rule_id

    @classmethod
    def of(cls, check: Check, action: NDArray[np.int32], channel: NDArray[np.int32] | None = None) -> DropBlock:
        everywhere = np.full(action.size, EVERY_CHANNEL, dtype=np.int32)
        return cls(check, action, everywhere if channel is None else channel, np.full(action.size, np.nan))

    @property
    def size(self) -> int:
        return int(self.action.size)


def count_by_stage(blocks: Iterable[DropBlock]) -> Counter[int]:
    """How many fell, by stage."""
    counts: Counter[int] = Counter()
    for block in blocks:
        if block.size:
            counts[int(block.check.stage)] += block.size
    return counts
