"""Wakes those of this process who wait for something in the store; others look by themselves from time to time."""

from __future__ import annotations

import asyncio


class Bell:
    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    def next_ring(self) -> asyncio.Event:
        """Take it before looking: a ring between look and wait is not missed."""
        return self._rung


async def wait(ring: asyncio.Event, at_most_s: float) -> None:
    try:
        await asyncio.wait_for(ring.wait(), at_most_s)
    except TimeoutError:
        return
