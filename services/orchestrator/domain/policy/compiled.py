"""What a policy folder compiles to: one part for each service that uses it, and the settings of the decision itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import LimitTable
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.policy_parts import (
    USUAL_OBJECTIVE,
    FeatureSetPart,
    Finding,
    RuleSetPart,
    TraitSchemaPart,
)


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What holds for every decision under the policy."""

    name: str
    """The name the folder gives itself."""
    currency: str
    """ISO 4217, of every business value, cost and reserve."""
    default_locale: str
    reserve: float
    """What silence is worth, in the policy's currency: a proposition must be worth more."""
    profiling_basis: str
    """CONSENT: using a profile needs a granted PROFILING consent. LEGITIMATE_INTEREST and CONTRACT: it needs none, but
    a denied or revoked PROFILING statement wins."""
    declares_quiet_hours: bool
    """Which this version does not enforce."""


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
    limits: LimitTable
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
