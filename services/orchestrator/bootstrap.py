"""Puts the orchestrator together: the one place that names concrete stores. The other services come as ports."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.adapters.metrics import PrometheusTelemetry
from services.orchestrator.adapters.mongo_campaign_decisions import MongoCampaignDecisions
from services.orchestrator.adapters.mongo_contact_history import MongoContactHistory
from services.orchestrator.adapters.mongo_contact_outbox import MongoContactOutbox
from services.orchestrator.adapters.mongo_conversion_store import MongoConversionStore
from services.orchestrator.adapters.mongo_decision_index import MongoDecisionIndex
from services.orchestrator.adapters.mongo_decision_log import MongoDecisionLog
from services.orchestrator.adapters.mongo_erasures import MongoErasureStore
from services.orchestrator.adapters.mongo_implied_outcomes import MongoImpliedOutcomes
from services.orchestrator.adapters.mongo_outcome_store import MongoOutcomeStore
from services.orchestrator.adapters.mongo_performance import MongoPerformanceStore
from services.orchestrator.adapters.mongo_policy_register import MongoPolicyRegister
from services.orchestrator.adapters.mongo_policy_store import MongoPolicyStore
from services.orchestrator.adapters.mongo_pressure_store import MongoPressureStore
from services.orchestrator.adapters.mongo_receipts import MongoReceiptBox
from services.orchestrator.adapters.mongo_resource_bank import MongoResourceBank
from services.orchestrator.adapters.mongo_sticky import MongoStickyStore
from services.orchestrator.adapters.mongo_touch_store import MongoTouchStore
from services.orchestrator.adapters.schema import MONGO_SCHEMA, SQLITE_SCHEMA
from services.orchestrator.adapters.sqlite_campaign_decisions import SqliteCampaignDecisions
from services.orchestrator.adapters.sqlite_contact_history import SqliteContactHistory
from services.orchestrator.adapters.sqlite_contact_outbox import SqliteContactOutbox
from services.orchestrator.adapters.sqlite_conversion_store import SqliteConversionStore
from services.orchestrator.adapters.sqlite_decision_index import SqliteDecisionIndex
from services.orchestrator.adapters.sqlite_decision_log import SqliteDecisionLog
from services.orchestrator.adapters.sqlite_erasures import SqliteErasureStore
from services.orchestrator.adapters.sqlite_implied_outcomes import SqliteImpliedOutcomes
from services.orchestrator.adapters.sqlite_outcome_store import SqliteOutcomeStore
from services.orchestrator.adapters.sqlite_performance import SqlitePerformanceStore
from services.orchestrator.adapters.sqlite_policy_register import SqlitePolicyRegister
from services.orchestrator.adapters.sqlite_policy_store import SqlitePolicyStore
from services.orchestrator.adapters.sqlite_pressure_store import SqlitePressureStore
from services.orchestrator.adapters.sqlite_receipts import SqliteReceiptBox
from services.orchestrator.adapters.sqlite_resource_bank import SqliteResourceBank
from services.orchestrator.adapters.sqlite_sticky import SqliteStickyStore
from services.orchestrator.adapters.sqlite_touch_store import SqliteTouchStore
from services.orchestrator.api.mapping.replay import differing_fields
from services.orchestrator.api.servicer import bind
from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.application import OrchestratorApplication, Records, Shared
from services.orchestrator.app.audience import Audience
from services.orchestrator.app.batch.ports import ManyProfiles, ManyScores, ManyVerdicts, Together
from services.orchestrator.app.breaker import Breaker
from services.orchestrator.app.campaign_decisions import CampaignDecisions
from services.orchestrator.app.contact_ledger import ContactLedger
from services.orchestrator.app.contact_outbox import ContactOutbox
from services.orchestrator.app.decision_index import DecisionIndex
from services.orchestrator.app.decision_log import DecisionLog
from services.orchestrator.app.erasures import Erasing, ErasureFeed, ErasureStore, RewardEraser
from services.orchestrator.app.feedback_stores import FeedbackStores
from services.orchestrator.app.guarded_scorer import GuardedScorer
from services.orchestrator.app.outcome_store import OutcomeStore
from services.orchestrator.app.persons import PersonFinder
from services.orchestrator.app.policy_life import PolicyLife, SwitchingRegister
from services.orchestrator.app.policy_parts_publisher import PartPublishers
from services.orchestrator.app.policy_store import PolicyStore
from services.orchestrator.app.ports import (
    FeatureSetPublisher,
    ProfileReader,
    Rescorer,
    RewardSink,
    RuleEvaluator,
    RuleSetPublisher,
    Scorer,
    TraitSchemaPublisher,
)
from services.orchestrator.app.pressure.learnt import LearntPressure
from services.orchestrator.app.prune_receipts import ReceiptBox
from services.orchestrator.app.secret_store import SecretStore
from services.orchestrator.app.sticky_store import StickyStore
from services.orchestrator.app.surroundings import BUDGET_MS, Surroundings
from services.orchestrator.app.volume.amounts import Amounts
from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.app.volume.desk import VolumeDesk
from services.orchestrator.app.volume.get_volume import Volume
from services.orchestrator.domain.policy_state import Approving
from services.orchestrator.domain.tracking import TokenSigner
from shared.background import end
from shared.clock import Clock, system_clock
from shared.mongo import MongoDatabase
from shared.rpc.server import ServiceBinding
from shared.secret_stores import MongoSecretStore, SqliteSecretStore
from shared.settings import ServiceSettings, StoreKind
from shared.sqlite import SqliteDatabase

SECRET_NAME = "tracking"  # noqa: S105  a name, no secret
SECRET_BYTES = 32


class ProfilePort(ProfileReader, ManyProfiles, PersonFinder, Audience, TraitSchemaPublisher, Protocol):
    """What the orchestrator asks of the profile service."""


class RulesPort(RuleEvaluator, ManyVerdicts, RuleSetPublisher, Protocol):
    """What the orchestrator asks of the rules service."""


class ScoringPort(Scorer, ManyScores, Rescorer, RewardSink, RewardEraser, FeatureSetPublisher, Protocol):
    """What the orchestrator asks of the scoring service."""


@dataclass(frozen=True, slots=True)
class OtherServices:
    """`Grpc…` adapters between processes, `Local…` ones within one."""

    profile: ProfilePort
    rules: RulesPort
    scoring: ScoringPort
    ledger: ContactLedger
    erasures: ErasureFeed


@dataclass(frozen=True, slots=True)
class DecidingOptions:
    """`tracking_secret` None: one is made up and kept in the store."""

    tracking_secret: bytes | None = None
    budget_ms: int = BUDGET_MS
    decision_retention_days: float = 0
    policy_approval: Approving = Approving.NONE
    """0: for ever."""


@dataclass(frozen=True, slots=True)
class OrchestratorComponents:
    app: OrchestratorApplication
    binding: ServiceBinding


@dataclass(frozen=True, slots=True)
class Stores:
    policies: PolicyStore
    register: SwitchingRegister
    log: DecisionLog
    index: DecisionIndex
    campaigns: CampaignDecisions
    outcomes: OutcomeStore
    outbox: ContactOutbox
    erasures: ErasureStore
    secrets: SecretStore
    sticky: StickyStore
    feedback: FeedbackStores
    bank: ResourceBank
    receipts: ReceiptBox
    check: Callable[[], Awaitable[None]]
    """Raises where the stores do not answer."""


async def bootstrap(
    settings: ServiceSettings,
    stack: AsyncExitStack,
    *,
    others: OtherServices,
    options: DecidingOptions = DecidingOptions(),
    clock: Clock = system_clock,
) -> OrchestratorComponents:
    """Opens the stores on the stack and starts what runs in the background. Raises StartupError or Unavailable."""
    stores = await open_stores(settings, stack)
    secret = options.tracking_secret
    if secret is None:
        secret = await stores.secrets.get_or_create(SECRET_NAME, secrets.token_bytes(SECRET_BYTES))
    policies, telemetry = ActivePolicies(stores.policies, clock), PrometheusTelemetry()
    pressure = LearntPressure(stores.feedback.pressure, policies, telemetry, clock)
    await pressure.warm()
    desk = VolumeDesk(stores.bank, policies, telemetry, clock)
    scorer = GuardedScorer(others.scoring, Breaker(clock), clock)
    world = Surroundings(
        policies=policies,
        profiles=others.profile,
        rules=others.rules,
        scorer=scorer,
        rescorer=others.scoring,
        rewards=others.scoring,
        log=stores.log,
        index=stores.index,
        campaigns=stores.campaigns,
        together=Together(others.profile, others.rules, scorer),
        outcomes=stores.outcomes,
        outbox=stores.outbox,
        ledger=others.ledger,
        sticky=stores.sticky,
        quotas=desk,
        feedback=stores.feedback,
        persons=others.profile,
        audience=others.profile,
        bank=stores.bank,
        telemetry=telemetry,
        signer=TokenSigner(secret),
        clock=clock,
        recording=Breaker(clock),
        budget_ms=options.budget_ms,
        pressure=pressure,
    )
    parts = PartPublishers(others.profile, others.rules, others.scoring)
    erasing = Erasing(others.erasures, stores.erasures, others.scoring)
    records = Records(differing_fields, stores.receipts, options.decision_retention_days)
    amounts = Amounts(stores.bank, clock)
    life = PolicyLife(stores.policies, stores.register, parts, policies, amounts, clock, options.policy_approval)
    app = OrchestratorApplication(world, life, erasing, records, Shared(Volume(desk, stores.bank), pressure))
    stack.push_async_callback(desk.close)
    _run_in_background(app, stack)
    return OrchestratorComponents(app, bind(app, stores.check))


async def open_stores(settings: ServiceSettings, stack: AsyncExitStack) -> Stores:
    opened = {StoreKind.SQLITE: _open_sqlite, StoreKind.MONGO: _open_mongo}[settings.store]
    return await opened(settings, stack)


def _run_in_background(app: OrchestratorApplication, stack: AsyncExitStack) -> None:
    tasks = [asyncio.create_task(courier.run(), name="courier") for courier in app.couriers]

    async def stop() -> None:
        await asyncio.gather(*map(end, tasks))

    stack.push_async_callback(stop)


async def _open_sqlite(settings: ServiceSettings, stack: AsyncExitStack) -> Stores:
    database = await SqliteDatabase.open(settings.data_dir / "orchestrator.sqlite", schema=SQLITE_SCHEMA)
    stack.push_async_callback(database.close)

    async def check() -> None:
        database.read("SELECT 1 FROM active_policy")

    return Stores(
        SqlitePolicyStore(database),
        SqlitePolicyRegister(database),
        SqliteDecisionLog(database),
        SqliteDecisionIndex(database),
        SqliteCampaignDecisions(database),
        SqliteOutcomeStore(database),
        SqliteContactOutbox(database),
        SqliteErasureStore(database),
        SqliteSecretStore(database),
        SqliteStickyStore(database),
        FeedbackStores(
            SqliteConversionStore(database),
            SqliteTouchStore(database),
            SqliteContactHistory(database),
            SqliteImpliedOutcomes(database),
            SqlitePerformanceStore(database),
            SqlitePressureStore(database),
        ),
        SqliteResourceBank(database),
        SqliteReceiptBox(database),
        check,
    )


async def _open_mongo(settings: ServiceSettings, stack: AsyncExitStack) -> Stores:
    assert settings.mongo_uri is not None, "settings of store=mongo name a URI"
    uri = settings.mongo_uri.get_secret_value()
    database = await MongoDatabase.open(uri, settings.mongo_database, schema=MONGO_SCHEMA)
    stack.push_async_callback(database.close)
    return Stores(
        MongoPolicyStore(database),
        MongoPolicyRegister(database),
        MongoDecisionLog(database),
        MongoDecisionIndex(database),
        MongoCampaignDecisions(database),
        MongoOutcomeStore(database),
        MongoContactOutbox(database),
        MongoErasureStore(database),
        MongoSecretStore(database, "orchestrator"),
        MongoStickyStore(database),
        FeedbackStores(
            MongoConversionStore(database),
            MongoTouchStore(database),
            MongoContactHistory(database),
            MongoImpliedOutcomes(database),
            MongoPerformanceStore(database),
            MongoPressureStore(database),
        ),
        MongoResourceBank(database),
        MongoReceiptBox(database),
        database.ping,
    )
