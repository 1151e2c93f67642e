"""What DiffPolicies and SimulatePolicy answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.orchestrator.app.diff.side import Side
from services.orchestrator.domain.diff.arm_changes import ArmChange
from services.orchestrator.domain.diff.fairness import GroupRate
from services.orchestrator.domain.diff.off_policy import Interval
from services.orchestrator.domain.diff.verdict import Verdict


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """Of first slots, per decision. Successes, and money in the currency of the policy."""

    successes_snips: Interval
    successes_dr: Interval
    money_snips: Interval
    money_dr: Interval


@dataclass(frozen=True, slots=True)
class ExpectedValue:
    """Per person, by the models and the prices of the policy."""

    successes: Interval
    money: Interval


@dataclass(frozen=True, slots=True)
class AudienceReport:
    """Whom the persons of a sample stand for, `weight` persons each."""

    condition: str
    audience: int
    weight: float
    decision_time_ms: int


@dataclass(frozen=True, slots=True)
class SideReport:
    """`value` None: it is not said; `refusal` says why."""

    side: Side
    untried_share: float
    effective_size: float
    value: PolicyValue | None
    refusal: Verdict | None
    expected: ExpectedValue | None = None
    """Of persons in place of logged decisions."""


@dataclass(frozen=True, slots=True)
class GroupReport:
    """Persons with one value of an attribute, or in a segment. `attribute` "segments": any may be in several."""

    attribute: str
    baseline: GroupRate | None
    candidate: GroupRate
    money: Interval | None
    """The difference, per decision; None where it is not said."""


@dataclass(frozen=True, slots=True)
class Change:
    """Winners that changed: what was in a placement, and what is. An empty action: nothing."""

    placement_id: str
    before: str
    after: str
    count: int


@dataclass(frozen=True, slots=True)
class DiffReport:
    """`baseline` None: a policy was simulated alone."""

    currency: str
    sampled: int
    left_out: Mapping[str, int]
    """Why, and how many."""
    decisions: int
    persons: int
    valued: int
    """Decisions whose first slot says something of values."""
    candidate: SideReport
    baseline: SideReport | None = None
    winners_changed: int = 0
    changes: tuple[Change, ...] = ()
    """The most frequent ones."""
    probability_moved: float = 0.0
    """Of first slots: half the mean sum of what probabilities differ by."""
    difference: PolicyValue | None = None
    verdict: Verdict | None = None
    groups: tuple[GroupReport, ...] = ()
    starved_persons: int = 0
    """Reached by the baseline, and hardly at all by the candidate."""
    audience: AudienceReport | None = None
    """None: of logged decisions."""
    expected_difference: Interval | None = None
    """Of money, per person."""
    not_comparable: tuple[str, ...] = ()
    """Why the money of the two is not the same money."""
    arms: ArmChange | None = None
    """None where the control arms are the same."""
