"""The stores of the orchestrator: a test that asks for `stores` runs on SQLite and on a real MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.orchestrator.bootstrap import Stores, open_stores
from services.orchestrator.settings import OrchestratorSettings
from shared.settings import ServiceSettings, StoreKind


@pytest.fixture(params=[StoreKind.SQLITE, StoreKind.MONGO])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceSettings:
    """Of a store that is empty."""
    if request.param is StoreKind.SQLITE:
        return OrchestratorSettings(data_dir=tmp_path)
    uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("empty_database_name")
    return OrchestratorSettings(store=StoreKind.MONGO, mongo_uri=uri, mongo_database=name)


@pytest.fixture
async def stores(settings: ServiceSettings) -> AsyncIterator[Stores]:
    async with AsyncExitStack() as stack:
        yield await open_stores(settings, stack)


@pytest.fixture
async def other_stores(settings: ServiceSettings, stores: Stores) -> AsyncIterator[Stores]:
    """The same stores, as another replica opens them."""
    async with AsyncExitStack() as stack:
        yield await open_stores(settings, stack)
