"""Puts the rules service together: the one place that names concrete stores and the engine."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from services.rules.adapters.durable.matcher import DurableMatcher
from services.rules.adapters.durable.options import USUAL_WORKERS, DurableOptions
from services.rules.adapters.mongo_rule_set_store import MONGO_SCHEMA, MongoRuleSetStore
from services.rules.adapters.mongo_trigger_logs import MongoFiringLog, MongoInbox
from services.rules.adapters.mongo_trigger_states import MongoTriggerStates
from services.rules.adapters.sqlite_rule_set_store import SQLITE_SCHEMA, SqliteRuleSetStore
from services.rules.adapters.sqlite_trigger_logs import SqliteFiringLog, SqliteInbox
from services.rules.adapters.sqlite_trigger_states import SqliteTriggerStates
from services.rules.adapters.trigger_metrics import PrometheusTriggerTelemetry
from services.rules.api.servicer import bind
from services.rules.app.application import RulesApplication
from services.rules.app.trigger_ports import ProfilePorts
from services.rules.app.trigger_store import TriggerStores
from services.rules.app.triggers.bell import Bell
from services.rules.app.triggers.compiled import compiled_program
from services.rules.app.triggers.consumer import Consumer
from services.rules.app.triggers.desk import TriggerDesk
from services.rules.app.triggers.guards import TriggerGuards
from services.rules.app.triggers.programs import Programs
from services.rules.app.triggers.world import USUAL_OPTIONS, TriggerOptions, TriggerWorld
from services.rules.domain.chosen_engine import ChosenEngine
from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.lint.linting_engine import LintingEngine
from services.rules.domain.matched.engine import MatchedEngine
from services.rules.domain.rule_set import EngineKind
from services.rules.settings import RulesSettings
from shared.background import end
from shared.clock import MS_PER_DAY, MS_PER_SECOND, Clock, system_clock
from shared.mongo import MongoDatabase
from shared.rpc.server import ServiceBinding
from shared.settings import ServiceSettings, StoreKind
from shared.sqlite import SqliteDatabase


@dataclass(frozen=True, slots=True)
class RulesComponents:
    app: RulesApplication
    binding: ServiceBinding


@dataclass(frozen=True, slots=True)
class Stores:
    rule_sets: SqliteRuleSetStore | MongoRuleSetStore
    triggers: TriggerStores


async def bootstrap(
    settings: ServiceSettings,
    stack: AsyncExitStack,
    *,
    profile: ProfilePorts | None = None,
    options: TriggerOptions = USUAL_OPTIONS,
    durable: DurableOptions = USUAL_WORKERS,
    clock: Clock = system_clock,
) -> RulesComponents:
    """Opens the stores on the stack and starts what runs in the background. Raises StartupError or Unavailable.

    Without `profile` this process works through no triggers; what is asked of it about them it does.
    """
    stores = await open_stores(settings, stack)
    matcher = DurableMatcher(durable)
    stack.push_async_callback(matcher.close)
    programs = Programs(stores.rule_sets, compiled_program, matcher)
    bell = Bell()
    if profile is not None:
        telemetry = PrometheusTriggerTelemetry()
        world = TriggerWorld(stores.triggers, profile, programs, matcher, telemetry, clock, options, bell)
        _run_in_background(Consumer(world), stack)
    desk = TriggerDesk(stores.triggers, None if profile is None else profile.feed, programs, clock, bell)
    cache = CompileCache()
    engine = ChosenEngine({EngineKind.INDEXED: IndexedEngine(cache), EngineKind.DURABLE: MatchedEngine(matcher.check)})
    linting = LintingEngine(TriggerGuards(engine, matcher.check), cache, clock)
    app = RulesApplication(stores.rule_sets, linting, matcher, desk, clock=clock)
    return RulesComponents(app, bind(app, stores.rule_sets.check))


def durable_options(settings: RulesSettings) -> DurableOptions:
    return DurableOptions(
        workers=settings.durable_workers,
        deadline_s=settings.durable_deadline_seconds,
        memory_bytes=settings.durable_memory_mb * 2**20,
    )


def trigger_options(settings: RulesSettings) -> TriggerOptions:
    return TriggerOptions(
        lease_ms=int(settings.trigger_lease_seconds * MS_PER_SECOND),
        retention_ms=int(settings.trigger_retention_days * MS_PER_DAY),
    )


def _run_in_background(consumer: Consumer, stack: AsyncExitStack) -> None:
    stack.push_async_callback(end, asyncio.create_task(consumer.run(), name="triggers"))


async def open_stores(settings: ServiceSettings, stack: AsyncExitStack) -> Stores:
    if settings.store is StoreKind.SQLITE:
        sqlite = await _sqlite_database(settings, stack)
        sqlite_states = SqliteTriggerStates(sqlite)
        logs = SqliteFiringLog(sqlite), SqliteInbox(sqlite)
        return Stores(SqliteRuleSetStore(sqlite), TriggerStores(sqlite_states, sqlite_states, sqlite_states, *logs))
    mongo = await _mongo_database(settings, stack)
    states = MongoTriggerStates(mongo)
    await states.prepare()
    triggers = TriggerStores(states, states, states, MongoFiringLog(mongo), MongoInbox(mongo))
    return Stores(MongoRuleSetStore(mongo), triggers)


async def open_sqlite(settings: ServiceSettings, stack: AsyncExitStack) -> SqliteRuleSetStore:
    return SqliteRuleSetStore(await _sqlite_database(settings, stack))


async def open_mongo(settings: ServiceSettings, stack: AsyncExitStack) -> MongoRuleSetStore:
    return MongoRuleSetStore(await _mongo_database(settings, stack))


async def _sqlite_database(settings: ServiceSettings, stack: AsyncExitStack) -> SqliteDatabase:
    database = await SqliteDatabase.open(settings.data_dir / "rules.sqlite", schema=SQLITE_SCHEMA)
    stack.push_async_callback(database.close)
    return database


async def _mongo_database(settings: ServiceSettings, stack: AsyncExitStack) -> MongoDatabase:
    assert settings.mongo_uri is not None, "settings of store=mongo name a URI"
    uri = settings.mongo_uri.get_secret_value()
    database = await MongoDatabase.open(uri, settings.mongo_database, schema=MONGO_SCHEMA)
    stack.push_async_callback(database.close)
    return database
