"""Tasks that run until they are cancelled, whatever becomes of the cancellation on its way.

A cancellation that meets a driver in the middle of a call may come out as an error of that call, and a loop that goes
on after errors would go on for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE_S = 3.0


def end_if_cancelled() -> None:
    """To be called where a loop is about to go on after an error."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def end(task: asyncio.Task[Any]) -> None:
    """Cancels it and waits until it is done."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE_S)


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Does it all, also where the caller is cancelled meanwhile: who is cancelled once more ends the work, too."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([task])
        finally:
            await end(task)
        raise
