"""Puts the profile service together: the one place that names concrete stores."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from services.profile.adapters.mongo_collections import MONGO_SCHEMA, prepare
from services.profile.adapters.mongo_logs import MongoConsentLog, MongoEventLog
from services.profile.adapters.mongo_profiles import MongoProfileStore
from services.profile.adapters.mongo_schemas import MongoSchemaStore
from services.profile.adapters.sqlite_logs import SqliteConsentLog, SqliteEventLog
from services.profile.adapters.sqlite_profiles import SqliteProfileStore
from services.profile.adapters.sqlite_schemas import SqliteSchemaStore
from services.profile.adapters.sqlite_tables import SQLITE_SCHEMA
from services.profile.api.servicer import bind
from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from shared.clock import Clock, system_clock
from shared.mongo import MongoDatabase
from shared.rpc.server import ServiceBinding
from shared.settings import ServiceSettings, StoreKind
from shared.sqlite import SqliteDatabase

Opened = tuple[Stores, Callable[[], Awaitable[None]]]
"""The stores, and what raises where they do not answer."""


@dataclass(frozen=True, slots=True)
class ProfileComponents:
    app: ProfileApplication
    binding: ServiceBinding


async def bootstrap(
    settings: ServiceSettings, stack: AsyncExitStack, *, clock: Clock = system_clock
) -> ProfileComponents:
    """Opens the store on the stack. Raises StartupError or Unavailable."""
    open_stores = {StoreKind.SQLITE: open_sqlite, StoreKind.MONGO: open_mongo}[settings.store]
    stores, check = await open_stores(settings, stack)
    app = ProfileApplication(stores, clock=clock)
    return ProfileComponents(app, bind(app, check))


async def open_sqlite(settings: ServiceSettings, stack: AsyncExitStack) -> Opened:
    database = await SqliteDatabase.open(settings.data_dir / "profile.sqlite", schema=SQLITE_SCHEMA)
    stack.push_async_callback(database.close)

    async def check() -> None:
        database.read("SELECT 1 FROM active_trait_schema")

    stores = Stores(
        profiles=SqliteProfileStore(database),
        events=SqliteEventLog(database),
        consents=SqliteConsentLog(database),
        schemas=SqliteSchemaStore(database),
    )
    return stores, check


async def open_mongo(settings: ServiceSettings, stack: AsyncExitStack) -> Opened:
    assert settings.mongo_uri is not None, "settings of store=mongo name a URI"
    uri = settings.mongo_uri.get_secret_value()
    database = await MongoDatabase.open(uri, settings.mongo_database, schema=MONGO_SCHEMA)
    stack.push_async_callback(database.close)
    await prepare(database)
    stores = Stores(
        profiles=MongoProfileStore(database),
        events=MongoEventLog(database),
        consents=MongoConsentLog(database),
        schemas=MongoSchemaStore(database),
    )
    return stores, database.ping
