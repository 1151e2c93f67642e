"""Decisions that are in the log no longer, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GoneBecause(StrEnum):
    ERASED = "ERASED"
    """With the person it was for."""
    PRUNED = "PRUNED"
    """It was older than decisions are kept."""


@dataclass(frozen=True, slots=True)
class GoneDecision:
    """What is left of one: nothing that is a person's."""

    decision_id: str
    because: GoneBecause
    decision_time_ms: int
    policy_version: str
