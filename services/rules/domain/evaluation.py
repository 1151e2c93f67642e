"""What a compiled rule set answers about one subject, and the port of the engines that answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.rule_set import Finding, RuleSet, Stage
from shared.values import Feature, FeatureStatus, Value


class Explain(IntEnum):
    """How much of the reasoning an answer carries; what is not asked for costs nothing."""

    NONE = 1
    REASONS = 2
    FULL = 3


@dataclass(frozen=True, slots=True)
class DroppedAction:
    """Why an action fell: the first failing rule of its earliest failing stage, and the part of it that failed.

    `attribute` is empty and `status` None where the rule reads no attribute.
    """

    action: str
    stage: Stage
    rule_id: str
    attribute: str
    observed: Value
    status: FeatureStatus | None
    threshold: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The answer for one subject.

    eligible  int64[survivors], ascending indexes into `actions`
    numbers   float64[survivors] each, in the order of `eligible`; NaN where it could not be computed
    """

    actions: Sequence[str]
    eligible: NDArray[np.int64]
    numbers: Mapping[str, NDArray[np.float64]]
    dropped_by_stage: Mapping[Stage, int]
    dropped: tuple[DroppedAction, ...]
    segments: tuple[str, ...]

    @property
    def eligible_actions(self) -> list[str]:
        return [self.actions[index] for index in self.eligible.tolist()]


class EngagementPolicy(Protocol):
    """A compiled rule set: immutable, shared by threads."""

    @property
    def actions(self) -> Sequence[str]:
        """In the order of the rule set's ACTION scopes."""
        ...

    def is_quick(self, explain: Explain) -> bool:
        """Whether one evaluation takes about a millisecond or less, so that it may run on the event loop."""
        ...

    def evaluate(self, facts: Mapping[str, Feature], now_ms: int, explain: Explain) -> Evaluation:
        """Facts by declared name: what is not named is NOT_FOUND, what is not declared is ignored.

        Raises InvalidArgument for a value of the wrong type, ResourceExhausted beyond the bound on work.
        """
        ...


@dataclass(frozen=True, slots=True)
class Compilation:
    """`policy` is None where a finding is an error."""

    findings: tuple[Finding, ...]
    policy: EngagementPolicy | None


class RuleEngine(Protocol):
    def check(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        """Everything that is wrong with a rule set."""
        ...

    def compile(self, rule_set: RuleSet) -> Compilation: ...
