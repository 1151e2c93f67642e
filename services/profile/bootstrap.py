"""Puts the profile service together: the one place that names concrete stores."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from services.profile.adapters.mongo_collections import MONGO_SCHEMA, SECRETS, prepare
from services.profile.adapters.mongo_logs import MongoConsentLog, MongoEventLog, MongoMergeLog
from services.profile.adapters.mongo_profiles import MongoProfileStore
from services.profile.adapters.mongo_rights import MongoChangeLog, MongoErasureLog
from services.profile.adapters.mongo_scans import MongoProfileScans
from services.profile.adapters.mongo_schemas import MongoSchemaStore
from services.profile.adapters.mongo_tokens import MongoTokens, store_id_of
from services.profile.adapters.sqlite_logs import SqliteConsentLog, SqliteEventLog, SqliteMergeLog
from services.profile.adapters.sqlite_profiles import SqliteProfileStore
from services.profile.adapters.sqlite_rights import SqliteChangeLog, SqliteErasureLog
from services.profile.adapters.sqlite_scans import SqliteProfileScans
from services.profile.adapters.sqlite_schemas import SqliteSchemaStore
from services.profile.adapters.sqlite_tables import SQLITE_SCHEMA
from services.profile.adapters.sqlite_tokens import SqliteTokens
from services.profile.api.servicer import bind
from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.app.rounds import Rounds
from services.profile.settings import ProfileSettings
from shared.clock import MS_PER_DAY, Clock, system_clock
from shared.mongo import MongoDatabase
from shared.rpc.server import ServiceBinding
from shared.secret_stores import MongoSecretStore, SqliteSecretStore
from shared.settings import ServiceSettings, StoreKind
from shared.sqlite import SqliteDatabase

ERASURE_ROUND_SECONDS = 60.0
"""How long an erasure that a crash interrupted waits for its completion, about."""

Opened = tuple[Stores, Callable[[], Awaitable[None]]]
"""The stores, and what raises where they do not answer."""


@dataclass(frozen=True, slots=True)
class ProfileComponents:
    app: ProfileApplication
    binding: ServiceBinding


async def bootstrap(
    settings: ProfileSettings, stack: AsyncExitStack, *, clock: Clock = system_clock
) -> ProfileComponents:
    """Opens the store on the stack and begins to sweep it. Raises StartupError or Unavailable."""
    open_stores = {StoreKind.SQLITE: open_sqlite, StoreKind.MONGO: open_mongo}[settings.store]
    stores, check = await open_stores(settings, stack)
    app = ProfileApplication(stores, clock=clock)
    answers_kept_ms = int(settings.request_retention_days * MS_PER_DAY)
    sweeps = Rounds("retention", partial(app.sweep, answers_kept_ms), settings.retention_sweep_seconds, random.random)
    erasures = Rounds("erasures", app.complete_erasures, ERASURE_ROUND_SECONDS, random.random)
    for rounds in (sweeps, erasures):
        rounds.start()
        stack.push_async_callback(rounds.stop)
    return ProfileComponents(app, bind(app, check))


async def open_sqlite(settings: ServiceSettings, stack: AsyncExitStack) -> Opened:
    database = await SqliteDatabase.open(settings.data_dir / "profile.sqlite", schema=SQLITE_SCHEMA)
    stack.push_async_callback(database.close)

    async def check() -> None:
        database.read("SELECT 1 FROM active_trait_schema")

    stores = Stores(
        profiles=SqliteProfileStore(database),
        scans=SqliteProfileScans(database),
        events=SqliteEventLog(database),
        consents=SqliteConsentLog(database),
        merges=SqliteMergeLog(database),
        changes=SqliteChangeLog(database),
        erasures=SqliteErasureLog(database),
        secrets=SqliteSecretStore(database),
        schemas=SqliteSchemaStore(database),
        tokens=SqliteTokens(database),
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
        scans=MongoProfileScans(database),
        events=MongoEventLog(database),
        consents=MongoConsentLog(database),
        merges=MongoMergeLog(database),
        changes=MongoChangeLog(database),
        erasures=MongoErasureLog(database),
        secrets=MongoSecretStore(database, MONGO_SCHEMA.store, SECRETS),
        schemas=MongoSchemaStore(database),
        tokens=MongoTokens(database, await store_id_of(database)),
    )
    return stores, database.ping
