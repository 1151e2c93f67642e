"""What GetPerformance is asked and answers. Money in millionths of the policy's currency where it is an int."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.lift import Estimate, Lift
from services.orchestrator.domain.sample_ratio import SampleRatio
from services.orchestrator.domain.targets import TargetMetric


class PerformanceKey(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.PerformanceKey; ALL is its 0."""

    ALL = 0
    CAMPAIGN = 1
    SEGMENT = 2
    ATTRIBUTE = 3
    CHANNEL = 4
    TREATMENT = 5
    ACTION = 6
    GROUP = 7
    ISSUE = 8
    ACTION_ATTRIBUTE = 9

    @property
    def is_of_contacts(self) -> bool:
        return self >= PerformanceKey.CHANNEL

    @property
    def has_attribute(self) -> bool:
        return self in (PerformanceKey.ATTRIBUTE, PerformanceKey.ACTION_ATTRIBUTE)


@dataclass(frozen=True, slots=True)
class PerformanceQuestion:
    """Of decisions from `from_ms` until before `to_ms`. `baseline` None: the usual one."""

    from_ms: int
    to_ms: int
    by: PerformanceKey = PerformanceKey.ALL
    attribute: str = ""
    baseline: Arm | None = None


@dataclass(slots=True)
class Tally:
    """What came of somebody's contacts, and what they bought."""

    contacts: int = 0
    responses: int = 0
    conversions: int = 0
    revenue: int = 0

    def add(self, other: Tally) -> None:
        self.contacts += other.contacts
        self.responses += other.responses
        self.conversions += other.conversions
        self.revenue += other.revenue


@dataclass(frozen=True, slots=True)
class Measure:
    """`estimate` None: there is no such number; `lift` None: nothing to compare with."""

    estimate: Estimate | None
    lift: Lift | None = None


@dataclass(frozen=True, slots=True)
class ArmRow:
    """Of one key and arm; the measures but for the rate are per person."""

    key: str
    arm: Arm
    persons: int
    tally: Tally
    response_rate: Measure
    contacts: Measure
    conversions: Measure
    revenue: Measure


@dataclass(slots=True)
class LeftOut:
    two_arms: int = 0
    merged: int = 0
    moved: int = 0
    decisions: int = 0


@dataclass(frozen=True, slots=True)
class TargetResult:
    name: str
    metric: TargetMetric
    amount: float
    actual: float


@dataclass(frozen=True, slots=True)
class Performance:
    currency: str
    rows: Sequence[ArmRow] = ()
    sample_ratio: SampleRatio = field(default_factory=lambda: SampleRatio({}, {}))
    left_out: LeftOut = field(default_factory=LeftOut)
    targets: Sequence[TargetResult] = ()
    baseline: Arm | None = None
