"""The one place that names concrete classes."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from services.scoring.adapters import mongo_collections, sqlite_tables
from services.scoring.adapters.lightgbm.contributions import LightGbmContributions
from services.scoring.adapters.mongo_feature_sets import MongoFeatureSetStore
from services.scoring.adapters.mongo_models import MongoModelStore
from services.scoring.adapters.mongo_reward_log import MongoRewardLog
from services.scoring.adapters.mongo_snapshots import MongoSnapshotStore
from services.scoring.adapters.mongo_trainings import MongoTrainingStore
from services.scoring.adapters.prometheus_observer import PrometheusObserver
from services.scoring.adapters.sqlite_feature_sets import SqliteFeatureSetStore
from services.scoring.adapters.sqlite_models import SqliteModelStore
from services.scoring.adapters.sqlite_reward_log import SqliteRewardLog
from services.scoring.adapters.sqlite_snapshots import SqliteSnapshotStore
from services.scoring.adapters.sqlite_trainings import SqliteTrainingStore
from services.scoring.adapters.trainer_processes import TrainerProcesses
from services.scoring.api.servicer import SERVICE, ScoringServicer
from services.scoring.app.application import Pace, ScoringApplication, Stores
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.settings import ScoringSettings
from shared.clock import Clock, system_clock
from shared.mongo import MongoDatabase
from shared.rpc.server import ServiceBinding
from shared.settings import StoreKind, environment_without_settings, variable
from shared.sqlite import SqliteDatabase


@dataclass(frozen=True, slots=True)
class ScoringComponents:
    """`app` for callers in this process, `binding` for a server."""

    app: ScoringApplication
    binding: ServiceBinding


async def bootstrap(
    settings: ScoringSettings, stack: AsyncExitStack, *, clock: Clock = system_clock
) -> ScoringComponents:
    """Opens the stores on `stack` and brings the model up to the end of the log."""
    stores = await open_stores(settings, stack)
    scorer = BayesianScorer()
    pace = Pace(settings.follow_seconds, settings.snapshot_rewards, settings.watchfulness)
    trainers = TrainerProcesses(trainer_environment(settings), stores.trainings, clock)
    stack.push_async_callback(trainers.close)
    app = ScoringApplication(stores, scorer, clock, PrometheusObserver(), pace, trainers, LightGbmContributions())
    await app.start()
    stack.push_async_callback(app.close)
    return ScoringComponents(app, ServiceBinding(SERVICE, ScoringServicer(app), app.check))


def trainer_environment(settings: ScoringSettings) -> dict[str, str]:
    """Of a process that trains: this one's, and the settings that it needs to know."""
    said = {
        "store": settings.store.value,
        "data_dir": str(settings.data_dir),
        "mongo_uri": settings.mongo_uri.get_secret_value() if settings.mongo_uri else None,
        "mongo_database": settings.mongo_database,
        "log_level": settings.log_level.value,
        "dask_scheduler": settings.dask_scheduler or None,
    }
    own = {variable(ScoringSettings, name): value for name, value in said.items() if value is not None}
    return environment_without_settings() | own


async def open_stores(settings: ScoringSettings, stack: AsyncExitStack) -> Stores:
    if settings.store is StoreKind.SQLITE:
        path = settings.data_dir / sqlite_tables.FILE_NAME
        files = await SqliteDatabase.open(path, schema=sqlite_tables.SCHEMA)
        stack.push_async_callback(files.close)
        return Stores(
            SqliteFeatureSetStore(files),
            SqliteRewardLog(files),
            SqliteSnapshotStore(files),
            SqliteModelStore(files),
            SqliteTrainingStore(files),
        )
    assert settings.mongo_uri is not None, "settings require it for this store"
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
