"""Deadlines of work that does not leave the process, or that has no deadline of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.clock import Clock
from shared.errors import DeadlineExceeded


@asynccontextmanager
async def until(deadline_ms: int, clock: Clock) -> AsyncIterator[None]:
    """Ends the work inside at the moment, with DeadlineExceeded; it does not begin when the moment has passed."""
    remaining_ms = deadline_ms - clock()
    if remaining_ms <= 0:
        raise DeadlineExceeded("DEADLINE_EXCEEDED", "no time was left to ask")
    try:
        async with asyncio.timeout(remaining_ms / 1000) as scope:
            yield
    except TimeoutError as failure:
        if not scope.expired():
            raise
        raise DeadlineExceeded("DEADLINE_EXCEEDED", "there was no answer in time") from failure
