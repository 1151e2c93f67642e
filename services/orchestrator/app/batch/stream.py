"""Requests without an end, in batches of what has arrived. Reads ahead by one batch, and no further."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Generic, TypeVar

from services.orchestrator.app.batch.decide import DecideBatch, Item, Outcome
from services.orchestrator.app.batch.side_by_side import SIDE_BY_SIDE
from shared.background import end, to_its_end

T = TypeVar("T")


class Arrivals(Generic[T]):
    """Groups what a stream brings. While a group is worked on the next one is collected, then reading stops: whoever
    sends is held up by the transport."""

    def __init__(self, source: AsyncIterator[T], most: int = SIDE_BY_SIDE) -> None:
        self._source = source
        self._most = most
        self._arrived: asyncio.Queue[T | None] = asyncio.Queue(most)
        """None is the end."""

    async def groups(self) -> AsyncGenerator[list[T]]:
        """In the order of arrival, each of one or more. Raises what reading raised, behind what arrived before."""
        reading = asyncio.create_task(self._read(), name="arrivals")
        try:
            while group := await self._next():
                yield group
            await reading
        finally:
            await end(reading)

    async def _read(self) -> None:
        try:
            async for each in self._source:
                await self._arrived.put(each)
        finally:
            task = asyncio.current_task()
            if task is None or not task.cancelling():  # who cancels it reads no further, and makes no room
                await self._arrived.put(None)

    async def _next(self) -> list[T]:
        """Empty at the end."""
        group: list[T] = []
        each = await self._arrived.get()
        while each is not None:
            group.append(each)
            if len(group) == self._most or self._arrived.empty():
                return group
            each = self._arrived.get_nowait()
        if group:
            self._arrived.put_nowait(None)  # there is room: it was just taken out
        return group


async def decide_stream(
    decide: DecideBatch, items: AsyncIterator[tuple[str, Item]], deadline_ms: int | None
) -> AsyncGenerator[tuple[str, Outcome]]:
    """Each request, by its id, with its outcome, in the order of arrival. One deadline for all; None: none.

    A group that was begun is decided to its end, also where the caller is gone: what its decisions reserved is recorded
    with them, and who asks again is answered with them."""
    async with aclosing(Arrivals(items).groups()) as groups:
        async for group in groups:
            outcomes = await to_its_end(decide([item for _, item in group], deadline_ms))
            for (request_id, _), outcome in zip(group, outcomes, strict=True):
                yield request_id, outcome
