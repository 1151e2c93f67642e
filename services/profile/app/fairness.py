"""Long work in short pieces: the event loop answers others in between."""

from __future__ import annotations

import asyncio

PIECE = 32


async def give_way(step: int) -> None:
    """To be called at every step of a loop: now and then it lets other calls run."""
    if step % PIECE == PIECE - 1:
        await asyncio.sleep(0)
