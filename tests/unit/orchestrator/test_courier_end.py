"""A courier ends when it is told to, also where a driver turns the cancellation into an error of its own."""

from __future__ import annotations

import asyncio

import pytest

from services.orchestrator.app.courier import Courier
from shared.background import end
from shared.clock import system_clock
from shared.errors import Unavailable


class Errand:
    """Waits in a driver that says its cancellation in its own words."""

    name = "things"

    def __init__(self) -> None:
        self.is_under_way = asyncio.Event()
        self.rounds = 0

    async def deliver_all(self, deadline_ms: int) -> None:
        self.rounds += 1
        self.is_under_way.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise Unavailable("STORE_UNAVAILABLE", "the connection was closed") from None

    async def count_waiting(self) -> int:
        return 1

    def tell(self, waiting: int) -> None:
        """Nobody listens."""


async def test_a_courier_ends_although_the_driver_swallows_its_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.orchestrator.app.courier.RETRY_MS", 1)
    errand = Errand()
    running = asyncio.create_task(Courier(errand, system_clock).run())
    await errand.is_under_way.wait()
    await asyncio.wait_for(end(running), 1)
    assert running.cancelled()
    assert errand.rounds == 1
