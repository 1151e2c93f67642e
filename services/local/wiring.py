"""The four services in one process: the same bootstraps as apart, joined by the local adapters."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from services.local.contact_ledger import LocalContactLedger
from services.local.erasures import LocalErasureFeed
from services.local.profile import LocalProfiles
from services.local.rules import LocalRules
from services.local.scoring import LocalScoring
from services.local.settings import LocalSettings, stored_like
from services.local.trigger_ports import local_profile_ports
from services.orchestrator import bootstrap as orchestrator
from services.orchestrator.settings import OrchestratorSettings
from services.profile import bootstrap as profile
from services.profile.settings import ProfileSettings
from services.rules import bootstrap as rules
from services.rules.settings import RulesSettings
from services.scoring import bootstrap as scoring
from services.scoring.settings import ScoringSettings
from shared.clock import Clock, system_clock
from shared.rpc.server import ServiceBinding


@dataclass(frozen=True, slots=True)
class LocalComponents:
    """The use cases, for callers in this process, and what a server serves."""

    profile: profile.ProfileComponents
    rules: rules.RulesComponents
    scoring: scoring.ScoringComponents
    orchestrator: orchestrator.OrchestratorComponents

    @property
    def bindings(self) -> tuple[ServiceBinding, ...]:
        return self.orchestrator.binding, self.profile.binding, self.rules.binding, self.scoring.binding


async def bootstrap(settings: LocalSettings, stack: AsyncExitStack, *, clock: Clock = system_clock) -> LocalComponents:
    """Opens every store on the stack; the orchestrator, which calls the others, closes first."""
    of_profile = await profile.bootstrap(_of_profile(settings), stack, clock=clock)
    of_rules = await _rules(settings, of_profile, stack, clock)
    of_scoring = await scoring.bootstrap(stored_like(ScoringSettings, "scoring", settings), stack, clock=clock)
    others = orchestrator.OtherServices(
        LocalProfiles(of_profile.app, clock),
        LocalRules(of_rules.app, clock),
        LocalScoring(of_scoring.app, clock),
        LocalContactLedger(of_profile.app, clock),
        LocalErasureFeed(of_profile.app, clock),
    )
    of_orchestrator = await orchestrator.bootstrap(
        stored_like(OrchestratorSettings, "orchestrator", settings),
        stack,
        others=others,
        options=_options(settings),
        clock=clock,
    )
    return LocalComponents(of_profile, of_rules, of_scoring, of_orchestrator)


async def _rules(
    settings: LocalSettings, of_profile: profile.ProfileComponents, stack: AsyncExitStack, clock: Clock
) -> rules.RulesComponents:
    update = {
        "trigger_retention_days": settings.trigger_retention_days,
        "trigger_lease_seconds": settings.trigger_lease_seconds,
    }
    own = stored_like(RulesSettings, "rules", settings).model_copy(update=update)
    ports = local_profile_ports(of_profile.app)
    return await rules.bootstrap(own, stack, profile=ports, options=rules.trigger_options(own), clock=clock)


def _of_profile(settings: LocalSettings) -> ProfileSettings:
    update = {
        "request_retention_days": settings.request_retention_days,
        "retention_sweep_seconds": settings.retention_sweep_seconds,
    }
    return stored_like(ProfileSettings, "profile", settings).model_copy(update=update)


def _options(settings: LocalSettings) -> orchestrator.DecidingOptions:
    secret = settings.tracking_secret
    return orchestrator.DecidingOptions(
        None if secret is None else secret.get_secret_value().encode(),
        int(settings.decide_budget_seconds * 1000),
        settings.decision_retention_days,
        settings.policy_approval,
    )
