"""What the use cases need of the world, in one place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.audience import Audience
from services.orchestrator.app.batch.ports import Together
from services.orchestrator.app.breaker import Breaker
from services.orchestrator.app.campaign_decisions import CampaignDecisions
from services.orchestrator.app.contact_ledger import ContactLedger
from services.orchestrator.app.contact_outbox import ContactOutbox
from services.orchestrator.app.decision_index import DecisionIndex
from services.orchestrator.app.decision_log import DecisionLog
from services.orchestrator.app.feedback_stores import FeedbackStores
from services.orchestrator.app.outcome_store import OutcomeStore
from services.orchestrator.app.persons import PersonFinder
from services.orchestrator.app.ports import ProfileReader, Rescorer, RewardSink, RuleEvaluator, Scorer
from services.orchestrator.app.pressure.estimates import NothingLearnt, PressureEstimates
from services.orchestrator.app.sticky_store import StickyStore
from services.orchestrator.app.telemetry import Telemetry
from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.app.volume.quotas import Quotas
from services.orchestrator.domain.tracking import TokenSigner
from shared.clock import Clock
from shared.ids import new_id

BUDGET_MS = 2_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    policies: ActivePolicies
    profiles: ProfileReader
    rules: RuleEvaluator
    scorer: Scorer
    rescorer: Rescorer
    rewards: RewardSink
    log: DecisionLog
    campaigns: CampaignDecisions
    together: Together
    index: DecisionIndex
    outcomes: OutcomeStore
    outbox: ContactOutbox
    ledger: ContactLedger
    sticky: StickyStore
    quotas: Quotas
    feedback: FeedbackStores
    persons: PersonFinder
    audience: Audience
    bank: ResourceBank
    """Of which simulations only read."""
    telemetry: Telemetry
    signer: TokenSigner
    clock: Clock
    recording: Breaker
    """Open while decisions cannot be recorded."""
    budget_ms: int = BUDGET_MS
    """How long a decision may take whose caller has more time."""
    ticks_ns: Callable[[], int] = time.perf_counter_ns
    """A monotonic counter; only measures durations."""
    new_decision_id: Callable[[], str] = lambda: new_id("d")
    pressure: PressureEstimates = field(default_factory=NothingLearnt)
