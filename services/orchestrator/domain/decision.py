"""One decision as it is answered and recorded. Plain data; enum numbers are those of tandem.orchestrator.v1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from services.orchestrator.domain.arbitration.assignment import Assignment
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.explanation import FailedTest, SmallestChange
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.volume.standing import ResourceUse
from shared.values import FeatureStatus, Value


class Mode(IntEnum):
    """What a decision may leave behind."""

    EXECUTE = 1
    SIMULATE = 2
    PREFETCH = 3


class Explain(IntEnum):
    """How much of the reasoning an answer carries."""

    NONE = 1
    REASONS = 2
    FULL = 3


@dataclass(frozen=True, slots=True)
class SendSpan:
    """From `earliest_ms`, before `latest_ms`."""

    earliest_ms: int
    latest_ms: int


@dataclass(frozen=True, slots=True)
class Proposition:
    """One ranked option, rendered for the person."""

    proposition_id: str
    channel: str
    issue: str
    group: str
    action: str
    treatment: str
    locale: str
    content: Mapping[str, str]
    content_version: str
    message_class: str
    rank: int
    priority: float
    propensity: float
    context_weight: float
    business_value: float
    lever: float
    cost: float
    choice_probability: float
    uncertainty: float
    evidence: float
    tracking_token: str
    consent_ref: str
    expire_time_ms: int | None = None
    reservation_id: str = ""
    """In the contact ledger; empty where the contact is not recorded there."""
    sticky_from_decision_id: str = ""
    """The decision that drew it, where it is served again; `choice_probability` is the one of then."""
    send_window: SendSpan | None = None
    """When it may go out; None where no quiet hours are declared for it."""
    resource_cost: float = 0.0
    """Σ price × use of resources, in money: what the priority is less than without them."""
    uses: tuple[ResourceUse, ...] = ()
    """What it took of resources; in a simulation, what it would take."""
    pressure_cost: float = 0.0
    """What the contact will cost later, by the pressure that it adds to: what the priority is less than without it."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """The guaranteed default of a placement, and why it was needed."""

    treatment: str
    channel: str
    content: Mapping[str, str]
    locale: str
    reason: NoActionReason


@dataclass(frozen=True, slots=True)
class NoAction:
    """Explicit silence."""

    reason: NoActionReason
    expected_value: float = 0.0
    choice_probability: float = 0.0


@dataclass(frozen=True, slots=True)
class PlacementAnswer:
    """Propositions, or else a fallback, or else a no-action."""

    placement_id: str
    propositions: tuple[Proposition, ...] = ()
    fallback: Fallback | None = None
    no_action: NoAction | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate that reached the arbitration; the probability is that of the first slot of its placement."""

    action: str
    treatment: str
    channel: str
    placement_id: str
    choice_probability: float
    priority: float
    propensity: float
    pressure_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why one candidate fell. Channel "" means on every channel, treatment "" with all of them.

    `margin` is the money it lacked to the first of its placement: below 0 where it was worth more, and the other drawn.
    """

    action: str
    channel: str
    stage: int
    rule_id: str
    rule_version: str
    attribute: str = ""
    observed: Value = None
    status: FeatureStatus | None = None
    threshold: str = ""
    treatment: str = ""
    failed: tuple[FailedTest, ...] = ()
    smallest_change: SmallestChange | None = None
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class Versions:
    """The immutable, content-hashed addresses a decision used; model "" where nothing was scored."""

    policy: str
    rule_set: str
    model: str
    catalogue: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall time per stage in nanoseconds. Recording the decision comes after it is complete: it is not among them."""

    profile_ns: int = 0
    rules_ns: int = 0
    scoring_ns: int = 0
    arbitration_ns: int = 0
    total_ns: int = 0
    ledger_ns: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets."""

    decision_id: str
    request_id: str
    profile_id: str
    placements: tuple[PlacementAnswer, ...]
    versions: Versions
    decision_time_ms: int
    feature_statuses: Mapping[str, FeatureStatus]
    dropped_by_stage: Mapping[int, int] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    advisories: tuple[str, ...] = ()
    degraded: bool = False
    consistency_token: str = ""
    timing: Timing = field(default_factory=Timing)
    assignment: Assignment | None = None
    """Of several slots where nothing is explored."""
    arm: str = Arm.DECISIONING.name
    """The control arm in which was decided."""
    is_compared: bool = True
    """False for a person who is left out of the comparison of arms: profiles of two arms became one."""
