"""Work that is done again and again in the background, in small portions, until the process ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

Pause = Callable[[], Awaitable[bool]]
"""Between two portions of work. True: there shall be no more of them."""

PAUSE_S = 0.05
LONGEST_START_S = 60.0

_log = logging.getLogger("tandem.profile")


async def no_pause() -> bool:
    return False


class Rounds:
    """Replicas that start together do not work together: `jitter` is within [0, 1)."""

    def __init__(
        self,
        name: str,
        work: Callable[[Pause], Awaitable[object]],
        interval_seconds: float,
        jitter: Callable[[], float],
    ) -> None:
        self._name = name
        self._work = work
        self._interval_seconds = interval_seconds
        self._jitter = jitter
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Ends after the portion in hand. Not by cancelling: the MongoDB driver swallows a cancellation at times."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        wait_s = min(self._interval_seconds, LONGEST_START_S) * self._jitter()
        while not await self._wait(wait_s):
            try:
                await self._work(lambda: self._wait(PAUSE_S))
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                _log.warning("background work failed", extra={"fields": {"work": self._name, "cause": str(failure)}})
            wait_s = self._interval_seconds * (0.5 + self._jitter())

    async def _wait(self, seconds: float) -> bool:
        """True where there is nothing to wait for any more."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True
