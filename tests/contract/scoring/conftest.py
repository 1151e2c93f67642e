"""The scoring stores, on SQLite and on a real MongoDB: every test here runs on both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from services.scoring.adapters import mongo_collections, sqlite_tables
from services.scoring.adapters.mongo_feature_sets import MongoFeatureSetStore
from services.scoring.adapters.mongo_models import MongoModelStore
from services.scoring.adapters.mongo_reward_log import MongoRewardLog
from services.scoring.adapters.mongo_snapshots import MongoSnapshotStore
from services.scoring.adapters.mongo_trainings import MongoTrainingStore
from services.scoring.adapters.sqlite_feature_sets import SqliteFeatureSetStore
from services.scoring.adapters.sqlite_models import SqliteModelStore
from services.scoring.adapters.sqlite_reward_log import SqliteRewardLog
from services.scoring.adapters.sqlite_snapshots import SqliteSnapshotStore
from services.scoring.adapters.sqlite_trainings import SqliteTrainingStore
from services.scoring.app.application import Stores
from services.scoring.settings import ScoringSettings
from shared.mongo import MongoDatabase
from shared.sqlite import SqliteDatabase

OpenStores = Callable[[], Awaitable[Stores]]
"""Opens the same place again, as another process would."""


@pytest.fixture(params=["sqlite", "mongo"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ScoringSettings:
    """The settings of a service on this store."""
    common: dict[str, Any] = {"data_dir": tmp_path, "listen_address": "127.0.0.1:0", "metrics_address": "off"}
    if request.param == "sqlite":
        return ScoringSettings(**common)
    uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("empty_database_name")
    return ScoringSettings(store="mongo", mongo_uri=uri, mongo_database=name, **common)


@pytest.fixture
async def open_stores(settings: ScoringSettings) -> AsyncIterator[OpenStores]:
    async with AsyncExitStack() as stack:
        yield lambda: _open(settings, stack)


@pytest.fixture
async def stores(open_stores: OpenStores) -> Stores:
    return await open_stores()


async def _open(settings: ScoringSettings, stack: AsyncExitStack) -> Stores:
    if settings.mongo_uri is None:
        files = await SqliteDatabase.open(settings.data_dir / sqlite_tables.FILE_NAME, schema=sqlite_tables.SCHEMA)
        stack.push_async_callback(files.close)
        return Stores(
            SqliteFeatureSetStore(files),
            SqliteRewardLog(files),
            SqliteSnapshotStore(files),
            SqliteModelStore(files),
            SqliteTrainingStore(files),
        )
    uri = settings.mongo_uri.get_secret_value()
    database = await MongoDatabase.open(uri, settings.mongo_database, schema=mongo_collections.SCHEMA)
    stack.push_async_callback(database.close)
    return Stores(
        MongoFeatureSetStore(database),
        MongoRewardLog(database),
        MongoSnapshotStore(database),
        MongoModelStore(database),
        MongoTrainingStore(database),
    )
