"""What is told in one call goes to MongoDB together: how often it is asked does not grow with how much is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from pymongo.asynchronous.pool import AsyncConnection

from services.orchestrator.bootstrap import Stores, open_stores
from services.orchestrator.settings import OrchestratorSettings
from shared.settings import StoreKind
from tests.support.conversions import batch, capture, contact, purchase, reversal, sighting, touch, touch_batch

FEW, MANY = 3, 40
"""Both less than a cursor brings at once."""
Telling = Callable[[Stores, str, int], Awaitable[object]]


@pytest.fixture
async def stores(mongo_uri: str, empty_database_name: str) -> AsyncIterator[Stores]:
    settings = OrchestratorSettings(store=StoreKind.MONGO, mongo_uri=mongo_uri, mongo_database=empty_database_name)
    async with AsyncExitStack() as stack:
        yield await open_stores(settings, stack)


async def conversions(stores: Stores, name: str, count: int) -> None:
    bought = [purchase(f"{name}_{index}") for index in range(count)]
    back = [reversal(f"{name}_back_{index}", f"{name}_{index}") for index in range(count)]
    await stores.feedback.conversions.append(batch(name, *bought, *back))


async def matched(stores: Stores, name: str, count: int) -> None:
    await stores.feedback.conversions.mark_matched((await stores.feedback.conversions.unmatched(1_000))[:count])


async def touches(stores: Stores, name: str, count: int) -> None:
    await stores.feedback.touches.append(touch_batch(name, *(touch(f"{name}_{index}") for index in range(count))))


async def seen(stores: Stores, name: str, count: int) -> None:
    contacts = [contact(f"d_{name}_{index}/side/welcome/WEB") for index in range(count)]
    await stores.outcomes.append(capture(name, *(sighting(f"{name}_{i}", each) for i, each in enumerate(contacts))))


async def ignored(stores: Stores, name: str, count: int) -> None:
    implied = await stores.feedback.implied.unanswered(10_000, count)
    assert len(await stores.feedback.implied.imply(implied)) == count, name


@pytest.mark.parametrize(
    ("before", "tell"),
    [(None, conversions), (conversions, matched), (None, touches), (conversions, seen), (seen, ignored)],
)
async def test_much_is_told_in_as_many_round_trips_as_little(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, before: Telling | None, tell: Telling
) -> None:
    sent, own = 0, asyncio.current_task()
    send = AsyncConnection.send_message

    async def counted(connection: AsyncConnection, *message: Any) -> None:
        nonlocal sent
        sent += asyncio.current_task() is own  # the driver watches the servers, too
        await send(connection, *message)

    async def trips(name: str, count: int) -> int:
        nonlocal sent
        if before is not None:
            await before(stores, f"before_{name}", count)
        sent = 0
        await tell(stores, name, count)
        return sent

    monkeypatch.setattr(AsyncConnection, "send_message", counted)
    few = await trips("few", FEW)
    assert few
    assert await trips("many", MANY) == few
