"""The stores of the profile service: a test that asks for `stores` or `app` runs on SQLite and on a real MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.bootstrap import bootstrap
from services.profile.settings import ProfileSettings
from shared.rpc.channel import call
from shared.settings import ServiceSettings, StoreKind
from tests.support.grpc_server import Loopback, loopback
from tests.support.profile_wire import Ask
from tests.support.profiles import SteppingClock, open_stores


@pytest.fixture(params=[StoreKind.SQLITE, StoreKind.MONGO])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceSettings:
    """Of a store that is empty."""
    if request.param is StoreKind.SQLITE:
        return ProfileSettings(data_dir=tmp_path)
    uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("empty_database_name")
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


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Loopback]:
    """The service on a real channel; what differs between stores is tested below it."""
    async with AsyncExitStack() as stack:
        components = await bootstrap(ProfileSettings(data_dir=tmp_path), stack)
        binding = components.binding
        yield await stack.enter_async_context(loopback(binding.descriptor, binding.servicer, check=binding.check))


@pytest.fixture
def ask(server: Loopback) -> Ask:
    async def send(request: Any) -> Any:
        method = type(request).DESCRIPTOR.name.removesuffix("Request")
        return await call(server.unary(method), request, timeout_s=10)

    return send
