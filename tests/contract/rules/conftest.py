"""Stores of event-driven rules, on SQLite and on MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.rules.app.trigger_store import TriggerStores
from services.rules.bootstrap import open_stores
from shared.settings import ServiceSettings


@pytest.fixture(params=["sqlite", "mongo"])
async def trigger_stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TriggerStores]:
    settings = ServiceSettings(data_dir=tmp_path)
    if request.param == "mongo":
        uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("empty_database_name")
        settings = ServiceSettings(store="mongo", mongo_uri=uri, mongo_database=name)
    async with AsyncExitStack() as stack:
        yield (await open_stores(settings, stack)).triggers
