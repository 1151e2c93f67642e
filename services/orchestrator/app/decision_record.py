"""All that is kept of a decision: enough to answer it again, to explain it, to learn from it and to evaluate it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.pressure.learning import PressureLearning
from services.orchestrator.domain.arbitration.explore import Explored
from services.orchestrator.domain.arbitration.silence import Withheld
from services.orchestrator.domain.arbitration.slots import Sticky
from services.orchestrator.domain.arms import NO_STANDING, ArmStanding
from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.contact_pressure import PressureAccount, PressureBasis
from services.orchestrator.domain.decision import Answer
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.pressure.price import PressureStanding
from services.orchestrator.domain.quiet_table import QuietStanding
from services.orchestrator.domain.refusals import Refusal
from services.orchestrator.domain.sticky import StickyProposition
from services.orchestrator.domain.subject import ConsentStatement
from services.orchestrator.domain.volume.standing import ResourceStanding
from shared.values import Feature

FloatColumn = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CandidateColumns:
    """Every candidate that reached the arbitration, place by place: rows starts[p] : starts[p + 1].

    option int32[C], an index of the catalogue; the others float64[C]. The log-odds are those that the scoring service
    answered; in a record without `scores`, those that were drawn from.
    """

    starts: NDArray[np.int64]
    option: NDArray[np.int32]
    priority: FloatColumn
    propensity: FloatColumn
    log_odds_mean: FloatColumn
    log_odds_deviation: FloatColumn
    business_value: FloatColumn
    context_weight: FloatColumn
    expected_value: FloatColumn | None = None
    """What a success would be worth as the scoring service said, be it used as `business_value` or not; None where it
    said nothing."""
    pressure_cost: FloatColumn | None = None
    """What the contact was to cost later, by the pressure that it adds to; None where no contact had a price."""


@dataclass(frozen=True, slots=True, eq=False)
class SlotVector:
    """The probabilities one slot was drawn from: its place's candidates, then silence. `row` is -1 for silence."""

    place: int
    slot: int
    row: int
    probabilities: FloatColumn
    refusals: int = 0
    """How many of the record's refusals were known: the draw was made without what they closed."""
    explored: Explored | None = None
    """How the vector came about; None for a record of before this was kept."""
    withheld: Withheld | None = None
    """None where nothing could be withheld on purpose."""
    sticky: Sticky | None = None
    """Of what was served again: no draw was made."""


@dataclass(frozen=True, slots=True, eq=False)
class ShadowColumn:
    """What a model that was only tried said of the same candidates: `propensity` float64[C]."""

    model_version: str
    propensity: FloatColumn
    other_winners: int
    """In how many places with candidates another one, or silence, would have been worth most."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreColumns:
    """What else the scoring service said of the candidates, float64[C] each.

    `is_learnt` False: it did not answer, and the propensities are the prior's.
    """

    uncertainty: FloatColumn
    evidence: FloatColumn
    is_learnt: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class DecisionRecord:
    """`features` and `consents` are what the decision went by; `fails_closed` says that nothing was decided on."""

    decision_id: str
    request_id: str
    body_hash: str
    profile_id: str
    decision_time_ms: int
    record_time_ms: int
    policy_version: str
    feature_set_version: str
    command: DecideCommand
    features: Mapping[str, Feature]
    consents: tuple[ConsentStatement, ...]
    fails_closed: bool
    candidates: CandidateColumns
    slots: tuple[SlotVector, ...]
    answer: Answer
    contact_counts: tuple[ContactCount, ...] = ()
    """What was used of the contact limits, as the decision went by it."""
    is_known: bool = False
    """Whether the person was a known customer: a soft opt-in permits nothing to others."""
    refusals: tuple[Refusal, ...] = ()
    """Contacts that were drawn, and that the ledger refused then."""
    is_for_somebody: bool = False
    """Whether the request named a person; of one without a profile the names are not kept."""
    objectives: tuple[Objective, ...] = ()
    """Those the policy declares: what is learnt from the decision."""
    segments: tuple[str, ...] | None = None
    """Those the person was in; None where no model looks at them."""
    shadow: ShadowColumn | None = None
    is_apprentice: bool = False
    """The model's answer was not used: what it would have said is in `shadow`."""
    past_contacts: Feature | None = None
    """What was shown before, as models looked at it; None where none does."""
    scores: ScoreColumns | None = None
    """None for a record of before decisions could be made again."""
    known_advisories: tuple[str, ...] = ()
    """What there was to say of reading the person."""
    consent_ms: int | None = None
    """The moment whose consents counted."""
    ledger_failure: str = ""
    """Why the contact ledger could not be asked; empty where it answered, or had nothing to be asked."""
    sticky: tuple[StickyProposition, ...] = ()
    """What the person had been served under the same key."""
    sticky_until_ms: int = 0
    """Until when what was drawn is served again; 0: it is not."""
    quiet: QuietStanding | None = None
    """When the person could be reached; None where no hour could be quiet."""
    volume: tuple[ResourceStanding, ...] = ()
    """What was left of resources, and their prices; as many as the policy declares."""
    arm: ArmStanding = NO_STANDING
    reported_segments: tuple[str, ...] = ()
    """Those the person was in, where the policy compares arms."""
    campaign_profile_ids: tuple[str, ...] = ()
    """The person's profile and those that were merged into it, where the decision is that of a campaign for them."""
    pressure: PressureStanding | None = None
    """None where nothing was made of the person's contacts."""
    pressure_basis: PressureBasis | None = None
    pressure_learning: PressureLearning | None = None
    """What its contacts will teach of pressure, and when; None where they teach nothing."""

    @property
    def acts_ms(self) -> int:
        """When what was answered went out, or was shown, whatever moment was decided for."""
        return self.decision_time_ms if self.consent_ms is None else self.consent_ms

    @property
    def pressure_account(self) -> PressureAccount | None:
        if self.pressure is None or self.pressure_basis is None:
            return None
        return PressureAccount(self.pressure, self.pressure_basis)
