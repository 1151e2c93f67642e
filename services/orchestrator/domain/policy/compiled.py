"""What a policy folder compiles to: one part for each service that uses it, and the settings of the decision itself."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import LimitTable
from services.orchestrator.domain.policy_parts import FeatureSetPart, Finding, RuleSetPart, TraitSchemaPart


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
    """One policy version. The catalogue's actions, the rule set's ACTION scopes and the feature set's actions have one
    order."""

    version: str
    settings: PolicySettings
    catalogue: Catalogue
    trait_schema: TraitSchemaPart
    rule_set: RuleSetPart
    feature_set: FeatureSetPart
    limits: LimitTable


@dataclass(frozen=True, slots=True, eq=False)
class Compilation:
    """What became of a folder. `findings` are in order of place."""

    findings: tuple[Finding, ...]
    rule_set: RuleSetPart | None
    """For the rules service to check; None when too little could be read to check conditions against."""
    policy: CompiledPolicy | None
    """None exactly when a finding is an error."""
