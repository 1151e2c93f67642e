"""Puts the rules service together: the one place that names concrete stores and the engine."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from services.rules.adapters.mongo_rule_set_store import MONGO_SCHEMA, MongoRuleSetStore
from services.rules.adapters.sqlite_rule_set_store import SQLITE_SCHEMA, SqliteRuleSetStore
from services.rules.api.servicer import bind
from services.rules.app.application import RulesApplication
from services.rules.domain.indexed.engine import IndexedEngine
from shared.clock import Clock, system_clock
from shared.mongo import MongoDatabase
from shared.rpc.server import ServiceBinding
from shared.settings import ServiceSettings, StoreKind
from shared.sqlite import SqliteDatabase


@dataclass(frozen=True, slots=True)
class RulesComponents:
    app: RulesApplication
    binding: ServiceBinding


async def bootstrap(
    settings: ServiceSettings, stack: AsyncExitStack, *, clock: Clock = system_clock
) -> RulesComponents:
    """Opens the store on the stack. Raises StartupError or Unavailable."""
    open_store = open_sqlite if settings.store is StoreKind.SQLITE else open_mongo
    store: SqliteRuleSetStore | MongoRuleSetStore = await open_store(settings, stack)
    app = RulesApplication(store, IndexedEngine(), clock=clock)
    return RulesComponents(app, bind(app, store.check))


async def open_sqlite(settings: ServiceSettings, stack: AsyncExitStack) -> SqliteRuleSetStore:
    database = await SqliteDatabase.open(settings.data_dir / "rules.sqlite", schema=SQLITE_SCHEMA)
    stack.push_async_callback(database.close)
    return SqliteRuleSetStore(database)


async def open_mongo(settings: ServiceSettings, stack: AsyncExitStack) -> MongoRuleSetStore:
    assert settings.mongo_uri is not None, "settings of store=mongo name a URI"
    uri = settings.mongo_uri.get_secret_value()
    database = await MongoDatabase.open(uri, settings.mongo_database, schema=MONGO_SCHEMA)
    stack.push_async_callback(database.close)
    return MongoRuleSetStore(database)
