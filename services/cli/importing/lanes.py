"""Batches under way. A person's rows always go through the same lane, so that they arrive in their order and two
batches in flight never write to one person.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from services.cli.importing.items import Items
from services.cli.importing.sending import Outcome


@dataclass(slots=True)
class Lane:
    waiting: list[Items] = field(default_factory=list)
    weight: int = 0
    sent: list[Items] = field(default_factory=list)
    task: asyncio.Task[Outcome] | None = None


class Lanes:
    def __init__(
        self,
        count: int,
        batch_size: int,
        send: Callable[[Sequence[Items]], Awaitable[Outcome]],
        settle: Callable[[Sequence[Items], Outcome], None],
    ) -> None:
        """`settle` hears of every batch that is through."""
        self._lanes = [Lane() for _ in range(count)]
        self._batch_size = batch_size
        self._send = send
        self._settle = settle

    async def add(self, items: Items) -> None:
        lane = self._lanes[zlib.crc32(items.person.encode()) % len(self._lanes)]
        lane.waiting.append(items)
        lane.weight += max(1, len(items.events), len(items.consents))
        if lane.weight >= self._batch_size:
            await self._start(lane)

    async def finish(self) -> None:
        """Until everything is through."""
        for lane in self._lanes:
            if lane.waiting:
                await self._start(lane)
        for lane in self._lanes:
            await self._finish(lane)

    def first_open_row(self) -> int | None:
        """The first row that is not through; None where all are."""
        firsts = [rows[0].row.number for lane in self._lanes for rows in (lane.sent, lane.waiting) if rows]
        return min(firsts, default=None)

    async def close(self) -> None:
        """What is under way is given up; it is not known what became of it."""
        tasks = [lane.task for lane in self._lanes if lane.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _start(self, lane: Lane) -> None:
        await self._finish(lane)
        lane.sent, lane.waiting, lane.weight = lane.waiting, [], 0
        lane.task = asyncio.ensure_future(self._send(lane.sent))
        await asyncio.sleep(0)  # so that it is on its way before the next rows are read

    async def _finish(self, lane: Lane) -> None:
        if lane.task is None:
            return
        outcome = await lane.task
        sent, lane.sent, lane.task = lane.sent, [], None
        self._settle(sent, outcome)
