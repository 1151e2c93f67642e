"""What a policy folder compiles to: one part for each service that uses it, and the settings of the decision itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.worth import MONEY, Column, Formula
from services.orchestrator.domain.arms import NO_ARMS, Arms
from services.orchestrator.domain.at_most import AtMostTable
from services.orchestrator.domain.campaign_limits import CampaignLimits
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import LimitTable
from services.orchestrator.domain.contact_rules import ContactRules
from services.orchestrator.domain.currency import Currencies
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.policy_parts import (
    USUAL_OBJECTIVE,
    FeatureSetPart,
    Finding,
    RuleSetPart,
    TraitSchemaPart,
)
from services.orchestrator.domain.pressure.plan import PressurePlan
from services.orchestrator.domain.targets import Target
from services.orchestrator.domain.volume.resources import NO_VOLUME, VolumeTable


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What holds for every decision under the policy."""

    name: str
    """The name the folder gives itself."""
    currency: str
    """ISO 4217, of every business value, cost and reserve."""
    default_locale: str
    reserve: float
    """What silence is worth, in the policy's currency: a proposition must be worth as much."""
    profiling_basis: str
    """CONSENT: using a profile needs a granted PROFILING consent. LEGITIMATE_INTEREST and CONTRACT: it needs none, but
    a denied or revoked PROFILING statement wins."""
    exchange_rates: Mapping[str, float] = field(default_factory=dict)
    """What one unit of other currencies is worth in the policy's."""
    formula: Formula = MONEY
    """Of priorities."""
    sticky_ms: int = 0
    """How long a proposition is served again under the same sticky key; 0: never."""

    @property
    def currencies(self) -> Currencies:
        return Currencies(self.currency, self.exchange_rates)


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPolicy:
    """One policy version. The catalogue's actions, the rule set's ACTION scopes and the feature sets' actions have one
    order."""

    version: str
    settings: PolicySettings
    catalogue: Catalogue
    trait_schema: TraitSchemaPart
    rule_set: RuleSetPart
    feature_sets: tuple[FeatureSetPart, ...]
    """One per objective."""
    campaign_limits: CampaignLimits
    objectives: tuple[Objective, ...] = ()
    """Those it declares."""
    arbitrated: str = USUAL_OBJECTIVE
    """The objective by which everything that competes is measured."""
    learnt_values: NDArray[np.bool_] | None = None
    """bool[A]: the actions that are worth what was learnt of their successes; None where no action is."""
    reads_segments: bool = False
    """Whether a model looks at the segments somebody is in."""
    contacts_ms: int = 0
    """For how long before a decision models look at past contacts; 0: none does."""
    response_windows: Mapping[str, int] = field(default_factory=dict)
    """In milliseconds, of the treatments that have one of their own."""

    at_most: AtMostTable | None = None
    """How many propositions of a group or an issue a request may get; None for any number."""
    silence: Column | None = None
    """float64[O]: with which probability each option is withheld on purpose; None where none is."""

    contact: ContactRules = field(default_factory=ContactRules)
    volume: VolumeTable = NO_VOLUME
    arms: Arms = NO_ARMS
    pressure: PressurePlan | None = None
    """None where contacts are to have no price of their own."""
    pressure_weights: Column | None = None
    """float64[O], of the plan: what a contact by each option weighs."""
    regulated: NDArray[np.bool_] | None = None
    """bool[A]: what is left to no chance, in no arm; None where nothing is."""
    targets: tuple[Target, ...] = ()

    @property
    def wants_segments(self) -> bool:
        """Whether decisions ask for somebody's segments: models look at them, or reports compare arms by them."""
        return self.reads_segments or self.arms.are_declared

    @property
    def limits(self) -> LimitTable:
        """Of decisions that belong to no campaign."""
        return self.campaign_limits.usual

    @property
    def feature_set(self) -> FeatureSetPart:
        """Of the objective by which is decided."""
        return next(each for each in self.feature_sets if each.objective == self.arbitrated)


@dataclass(frozen=True, slots=True, eq=False)
class Compilation:
    """What became of a folder. `findings` are in order of place."""

    findings: tuple[Finding, ...]
    rule_set: RuleSetPart | None
    """For the rules service to check; None when too little could be read to check conditions against."""
    policy: CompiledPolicy | None
    """None exactly when a finding is an error."""
