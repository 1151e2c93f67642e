"""Long work in short pieces: the event loop answers others in between."""

from __future__ import annotations

import asyncio
import time

PIECE = 32
PIECE_SECONDS = 0.005


async def give_way(step: int) -> None:
    """To be called at every step of a loop whose steps are short: now and then it lets other calls run."""
    if step % PIECE == PIECE - 1:
        await asyncio.sleep(0)


class Pace:
    """The same for a loop whose steps take as long as the data makes them: it goes by the clock."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    async def give_way(self) -> None:
        if time.monotonic() - self._since > PIECE_SECONDS:
            await asyncio.sleep(0)
            self._since = time.monotonic()
