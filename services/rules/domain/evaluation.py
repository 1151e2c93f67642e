"""What a compiled rule set answers about one subject, and the port of the engines that answer it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.rule_set import Finding, RuleSet, Stage
from services.rules.domain.why.change import SmallestChange
from shared.errors import TandemError
from shared.values import Feature, FeatureStatus, Value


class Explain(IntEnum):
    """How much of the reasoning an answer carries; what is not asked for costs nothing."""

    NONE = 1
    REASONS = 2
    FULL = 3


@dataclass(frozen=True, slots=True)
class FailedTest:
    """One comparison that kept a rule from being satisfied.

    `attribute` is empty and `status` None where it reads no attribute.
    """

    attribute: str
    observed: Value
    status: FeatureStatus | None
    threshold: str


@dataclass(frozen=True, slots=True)
class DroppedAction:
    """Why an action fell: the first failing rule of its earliest failing stage, and the part of it that failed.

    `attribute` is empty and `status` None where the rule reads no attribute. `failed` holds every part that failed,
    this one first. `treatment` is empty where the action fell with all its treatments. `smallest_change` comes with
    FULL.
    """

    action: str
    stage: Stage
    rule_id: str
    attribute: str
    observed: Value
    status: FeatureStatus | None
    threshold: str
    failed: tuple[FailedTest, ...] = ()
    treatment: str = ""
    smallest_change: SmallestChange | None = None


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
    dropped_treatments: tuple[str, ...] = ()
    """Treatments of eligible actions that rules of their own or of their channel drop."""

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

    def evaluate(
        self,
        facts: Mapping[str, Feature],
        now_ms: int,
        explain: Explain,
        explain_actions: Collection[str] = (),
    ) -> Evaluation:
        """Facts by declared name: what is not named is NOT_FOUND, what is not declared is ignored.

        Reasons are those of `explain_actions`; where it is empty, those of every dropped action.

        Raises InvalidArgument for a value of the wrong type, ResourceExhausted beyond the bound on work.
        """
        ...

    def evaluate_batch(
        self, subjects: Sequence[Mapping[str, Feature]], now_ms: int, explain: Explain
    ) -> Sequence[Evaluation | TandemError]:
        """What `evaluate` answers or raises for each of the subjects, in their order."""
        ...

    def segments_of(self, facts: Mapping[str, Feature], now_ms: int) -> tuple[str, ...]:
        """The segments the subject is in, in the order of the rule set. Raises as `evaluate` does."""
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
