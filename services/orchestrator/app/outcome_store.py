"""The store of outcomes, and of the rewards that wait until the scoring service has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from services.orchestrator.app.contact_history import Contact
from services.orchestrator.app.contact_outbox import ContactReport
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.app.ports import Prediction
from services.orchestrator.app.volume.bank import Settlement
from services.orchestrator.domain.currency import Money as Money
from services.orchestrator.domain.outcome import Effect, Outcome
from services.orchestrator.domain.response import Answering
from services.orchestrator.domain.subject import Identity
from shared.values import Feature


@dataclass(frozen=True, slots=True)
class OffPolicy:
    """A presentation that Tandem did not choose."""

    decision_id: str
    placement_id: str
    action: str
    channel: str
    choice_probability: float


@dataclass(frozen=True, slots=True)
class OutcomeItem:
    """One outcome as it was sent: exactly one of proposition_id, tracking_token and off_policy is set."""

    idempotency_key: str
    outcome: Outcome
    proposition_id: str = ""
    tracking_token: str = ""
    off_policy: OffPolicy | None = None
    outcome_time_ms: int | None = None
    revenue: Money | None = None
    is_machine: bool = False
    agent_id: str = ""
    disposition: str = ""


@dataclass(frozen=True, slots=True)
class RewardLesson:
    """What an outcome teaches one reward. `amount` is in millionths, None where the objective learns none."""

    reward_key: str
    effect: Effect
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class CapturedOutcome:
    """An outcome as it is kept: of which presentation it speaks, and what it teaches."""

    item: OutcomeItem
    decision_id: str
    reward_key: str
    """Of the presentation."""
    effect: Effect
    """Where nobody says what counts as a success."""
    outcome_time_ms: int
    capture_time_ms: int
    position: int
    """Within its call."""
    lessons: tuple[RewardLesson, ...] = ()
    """By objective; none for one that it teaches nothing."""
    revenue: int | None = None
    """In millionths of the policy's currency; None where it had none, or is of before this was kept."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """What the scoring service needs to know of a presentation, besides its reward."""

    feature_set_version: str
    action: str
    channel: str
    placement_id: str
    features: Mapping[str, Feature]
    identities: tuple[Identity, ...] = ()
    """Whose outcome it is: asked for their consent when it is learnt from. Empty: nobody's."""
    profile_id: str = ""
    """Theirs when the decision was made; empty for somebody nobody had recorded."""
    prediction: Prediction | None = None
    """What the decision's model said of it; None where it said nothing about this objective."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a reward's failure waits, and where its success is counted (domain.feedback_delay)."""

    due_ms: int
    histogram: str
    bucket: int
    """Of the delay with which a success becomes known now."""


@dataclass(frozen=True, slots=True)
class PendingReward:
    """A reward to deliver. `revision` grows whenever later outcomes change it."""

    reward_key: str
    revision: int
    value: float
    time_ms: int
    presentation: Presentation
    amount: int | None = None
    """Of a success, in millionths; None where nobody says, or the objective learns none."""


OWN_KEYS = "tandem:"
"""Idempotency keys that begin so are of outcomes that nobody sent."""


def implied_key(presentation: str) -> str:
    """The idempotency key of the outcome that a presentation comes to where nobody responds."""
    return f"{OWN_KEYS}ignored/{presentation}"


@dataclass(frozen=True, slots=True)
class Implied:
    """What a presentation comes to where nobody responds, and what that tells the contact ledger."""

    outcome: CapturedOutcome
    reports: tuple[ContactReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one outcome says of a contact, besides what it teaches."""

    idempotency_key: str
    """Of the outcome: one that is not taken says nothing."""
    contact: Contact
    answering: Answering = Answering.NONE
    due_ms: int | None = None
    """When the window of the response ends; None: nobody waits."""
    implied: Implied | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """The outcomes of one call, their keys distinct; `presentations` by reward key."""

    rpc: str
    request_id: str
    body_hash: str
    outcomes: Sequence[CapturedOutcome]
    presentations: Mapping[str, Presentation]
    response_of: Callable[[Set[str]], bytes]
    """The response to keep, given which idempotency keys were new. Pure: a store may ask more than once."""
    reports: Mapping[str, Sequence[ContactReport]] = field(default_factory=dict)
    """What each outcome tells the contact ledger, by idempotency key: one that is not taken tells it nothing."""
    waits: Mapping[str, Wait] = field(default_factory=dict)
    """By reward key; those that are not here wait for nothing."""
    sightings: Sequence[Sighting] = ()
    """What the outcomes say of the contacts they are about."""
    settlements: Mapping[str, Sequence[Settlement]] = field(default_factory=dict)
    """What they say of the units that propositions took, by idempotency key."""


S = TypeVar("S")


def said_by(new_keys: Set[str], by_key: Mapping[str, Sequence[S]]) -> list[S]:
    """What the outcomes with these idempotency keys say."""
    return [each for key, said in by_key.items() if key in new_keys for each in said]


class OutcomeStore(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer."""

    async def append(self, capture: Capture) -> Receipt:
        """Stores the outcomes whose keys are new, what all lessons of each reward key now come to
        (domain.outcome.reward_of) as pending where that changed, the reports of those that are new in the contact
        outbox, and the receipt; all or nothing. A reward that is still open is due when its wait is over, any other at
        once; one that becomes a success is counted in its histogram of delays.

        Of sightings whose outcomes are new: the contact, and what is known of its response (domain.response.joined); an
        implied outcome that stood until then is taken back. A contact that is seen for the first time makes conversions
        that may be its success unmatched again.

        Answers the receipt that is stored: that of the same request, where it was faster and nothing was stored now.
        Raises AlreadyExists (REQUEST_ID_REUSED) when another body has the request id.
        """
        ...

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None: ...

    async def list_by_decision(self, decision_id: str) -> tuple[CapturedOutcome, ...]:
        """In the order of capture."""
        ...

    async def list_by_key(self, prefix: str) -> tuple[CapturedOutcome, ...]:
        """Those whose idempotency key begins so, in the order of the keys."""
        ...

    async def pending(self, limit: int, now_ms: int) -> tuple[PendingReward, ...]:
        """Rewards that are due and that the scoring service does not have, oldest first."""
        ...

    async def count_pending(self, now_ms: int) -> int: ...

    async def success_delays(self, histogram: str) -> Mapping[int, int]:
        """How many successes were counted, by bucket."""
        ...

    async def mark_delivered(self, rewards: Sequence[PendingReward]) -> None:
        """A reward that changed since keeps waiting with its new value."""
        ...
