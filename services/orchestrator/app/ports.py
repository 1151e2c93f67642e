"""What the orchestrator needs of the world. Each port has two adapters: `Grpc…` between processes, `Local…` within one.

Every method may raise shared.errors.Unavailable or DeadlineExceeded; `deadline_ms` is the moment (shared.clock) by
which the caller needs the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.contact_limits import ContactCount as ContactCount
from services.orchestrator.domain.decision import Explain
from services.orchestrator.domain.explanation import FailedTest, SmallestChange
from services.orchestrator.domain.past_contacts import PastContact
from services.orchestrator.domain.policy_parts import FeatureSetPart, Finding, RuleSetPart, TraitSchemaPart
from services.orchestrator.domain.subject import ConsentStatement as ConsentStatement
from services.orchestrator.domain.subject import Identity as Identity
from shared.values import Feature, FeatureStatus, Value


@dataclass(frozen=True, slots=True)
class SubjectEvent:
    """An event that travels in the decide call. `event_time_ms` None: on arrival."""

    event_id: str
    identities: tuple[Identity, ...]
    type: str
    event_time_ms: int | None
    properties: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConsentSignals:
    """Of the browser that asks, as it sends them. An empty string: none; `gpc` False says nothing."""

    tcf_string: str = ""
    gpc: bool = False


NO_SIGNALS = ConsentSignals()


@dataclass(frozen=True, slots=True)
class SubjectQuery:
    identities: tuple[Identity, ...]
    schema_version: str
    read_time_ms: int
    consistency_token: str = ""
    overlay_events: tuple[SubjectEvent, ...] = ()
    is_now: bool = False
    """Read at `read_time_ms` or later: what the profile service acknowledged is known, also if its clock is ahead."""
    reference: str = ""
    """Contacts whose reference begins with it are answered as held; empty: none."""
    overlay_signals: ConsentSignals = NO_SIGNALS
    contacts_ms: int = 0
    """Past contacts of so long before the moment are answered; 0: none."""


@dataclass(frozen=True, slots=True)
class HeldContact:
    """An open contact in the ledger."""

    reservation_id: str
    reference: str
    channel: str
    action: str


@dataclass(frozen=True, slots=True)
class SubjectView:
    """All a decision knows of a person. `profile_id` is empty, and everything NOT_FOUND, for an unknown one."""

    profile_id: str = ""
    features: Mapping[str, Feature] = field(default_factory=dict)
    """Traits and aggregates by name; every declared one is there, with its status."""
    consents: tuple[ConsentStatement, ...] = ()
    advisories: tuple[str, ...] = ()
    consistency_token: str = ""
    contact_counts: tuple[ContactCount, ...] = ()
    """What is used of the contact limits of the schema, at the moment of the read; what is not here is unused."""
    held: tuple[HeldContact, ...] = ()
    is_known: bool = False
    """A customer, not a visitor."""
    held_identities: tuple[int, ...] = ()
    """The places in the query of the identities that are this person's."""
    contacts: tuple[PastContact, ...] = ()
    """What was shown before, as far as is asked for; there may be older ones among them."""
    merged_profile_ids: tuple[str, ...] = ()
    """Those that were merged into it: decisions may have been made for them before."""


class ProfileReader(Protocol):
    async def get(self, query: SubjectQuery, *, deadline_ms: int) -> SubjectView: ...

    async def record_events(self, request_id: str, events: Sequence[SubjectEvent], *, deadline_ms: int) -> str:
        """Records the events that there is a basis for; answers the consistency token."""
        ...

    async def record_signals(
        self, request_id: str, identities: Sequence[Identity], signals: ConsentSignals, *, deadline_ms: int
    ) -> str:
        """Records what the browser signals; answers the consistency token. Raises InvalidArgument."""
        ...

    async def consents(
        self, subjects: Sequence[tuple[Identity, ...]], *, deadline_ms: int
    ) -> Sequence[tuple[ConsentStatement, ...] | None]:
        """What each of the persons said, in force; None for somebody nobody knows. At most 1,000."""
        ...


class TraitSchemaPublisher(Protocol):
    async def publish_trait_schema(self, request_id: str, schema: TraitSchemaPart, *, activate: bool) -> str:
        """Answers the schema version."""
        ...


@dataclass(frozen=True, slots=True)
class PolicyQuestion:
    rule_set_version: str
    attributes: Mapping[str, Feature]
    evaluation_time_ms: int
    explain: Explain = Explain.NONE
    action_index: Mapping[str, int] = field(default_factory=dict)
    """The catalogue's, in order: for adapters whose other side speaks of actions by name."""
    explain_actions: tuple[str, ...] = ()
    """Whose reasons are wanted; none: those of every action that was dropped."""
    with_segments: bool = False
    """Whether segments are wanted, however much is explained."""


@dataclass(frozen=True, slots=True)
class DropReason:
    """Why an action fell at a stage (see tandem.common.v1.Dropped)."""

    action: int
    stage: int
    rule_id: str
    rule_version: str
    attribute: str
    observed: Value
    status: FeatureStatus | None
    """None where the rule reads no attribute."""
    threshold: str
    treatment: str = ""
    """Empty where the action fell with all its treatments."""
    failed: tuple[FailedTest, ...] = ()
    smallest_change: SmallestChange | None = None
    """With FULL."""


@dataclass(frozen=True, slots=True, eq=False)
class PolicyVerdict:
    """Which actions survive the engagement policy; indices are the catalogue's.

    eligible        int32[E], increasing
    numbers[name]   float64[E], NaN where an attribute the expression reads is unknown
    """

    eligible: NDArray[np.int32]
    numbers: Mapping[str, NDArray[np.float64]]
    dropped_by_stage: Mapping[int, int]
    reasons: tuple[DropReason, ...] = ()
    segments: tuple[str, ...] = ()
    dropped_treatments: tuple[str, ...] = ()
    """Of eligible actions: the treatments that rules of their own or of their channel drop."""


class RuleEvaluator(Protocol):
    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict: ...


class RuleSetPublisher(Protocol):
    async def validate_rule_set(self, rule_set: RuleSetPart) -> tuple[Finding, ...]: ...

    async def publish_rule_set(self, request_id: str, rule_set: RuleSetPart) -> str:
        """Answers the rule set version."""
        ...

    async def activate_triggers(self, request_id: str, rule_set_version: str) -> None:
        """The triggers of this rule set fire from now on, in place of those before."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ScoreQuestion:
    """Candidates as columns of one length C."""

    feature_set_version: str
    features: Mapping[str, Feature]
    actions: NDArray[np.int32]
    channels: tuple[str, ...]
    placement_ids: tuple[str, ...]
    action_index: Mapping[str, int] = field(default_factory=dict)
    """The catalogue's, in order: for adapters whose other side speaks of actions by name."""

    def action_ids(self) -> list[str]:
        """The name of every candidate's action."""
        names = list(self.action_index)
        return [names[index] for index in self.actions.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class ShadowScores:
    """Of a model that is only tried; `means` float64[C]."""

    model_version: str
    means: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Severity:
    """float64[C] each: what a success is expected to be worth, and how unsure that is."""

    means: NDArray[np.float64]
    deviations: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """float64[C] each; see tandem.scoring.v1.ScoreActionsResponse."""

    model_version: str
    means: NDArray[np.float64]
    uncertainties: NDArray[np.float64]
    evidences: NDArray[np.float64]
    log_odds_means: NDArray[np.float64]
    log_odds_deviations: NDArray[np.float64]
    shadow: ShadowScores | None = None
    is_apprentice: bool = False
    """The means are the expected rate alone; what the model would have said is in `shadow`."""
    severity: Severity | None = None
    """None where the objective learns no amounts, and of an apprentice."""


class Scorer(Protocol):
    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores: ...


class Rescorer(Protocol):
    async def rescore(self, question: ScoreQuestion, model_version: str, *, deadline_ms: int) -> Scores:
        """By the model as it was when it answered this version. Raises NotFound (MODEL_NOT_FOUND), FailedPrecondition
        (MODEL_STATE_GONE)."""
        ...


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said of a presentation when the decision was made; the shadow version is empty where none was tried."""

    model_version: str
    propensity: float
    choice_probability: float
    shadow_model_version: str = ""
    shadow_propensity: float = 0.0
    decision_time_ms: int = 0
    """When something could come of it first; 0: of before this was kept."""
    candidates: int = 0
    """Among how many it was chosen; 0: of before this was kept."""


@dataclass(frozen=True, slots=True)
class Reward:
    reward_key: str
    feature_set_version: str
    action: str
    channel: str
    placement_id: str
    features: Mapping[str, Feature]
    reward: float
    reward_time_ms: int
    prediction: Prediction | None = None
    value: float | None = None
    """What the success was worth; None where nobody knows, or the objective learns no amounts."""


class RewardSink(Protocol):
    async def record_rewards(self, request_id: str, rewards: Sequence[Reward], *, deadline_ms: int) -> None: ...


class FeatureSetPublisher(Protocol):
    async def publish_feature_set(self, request_id: str, feature_set: FeatureSetPart) -> str:
        """Answers the feature set version."""
        ...
