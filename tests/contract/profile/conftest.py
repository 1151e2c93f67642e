"""The stores of the profile service: a test that asks for `stores` or `app` runs on SQLite and on a real MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.settings import ProfileSettings
from shared.settings import ServiceSettings, StoreKind
from tests.support.profiles import SteppingClock, open_stores


@pytest.fixture(params=[StoreKind.SQLITE, StoreKind.MONGO])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceSettings:
    """Of a store that is empty."""
    if request.param is StoreKind.SQLITE:
        return ProfileSettings(data_dir=tmp_path)
    uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("mongo_database_name")
    return ProfileSettings(store=StoreKind.MONGO, mongo_uri=uri, mongo_database=name)


@pytest.fixture
async def stores(settings: ServiceSettings) -> AsyncIterator[Stores]:
    async with AsyncExitStack() as stack:
        yield await open_stores(settings, stack)


@pytest.fixture
async def other_stores(settings: ServiceSettings) -> AsyncIterator[Stores]:
    """The same store, as another replica opens it."""
    async with AsyncExitStack() as stack:
        yield await open_stores(settings, stack)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def app(stores: Stores, clock: SteppingClock) -> ProfileApplication:
    return ProfileApplication(stores, clock=clock)
