"""Work that may run ahead of its use, in order and in small batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def ahead(
    items: Iterable[T], prepare: Callable[[T], Coroutine[None, None, R]], *, batch: int
) -> AsyncGenerator[tuple[T, R], None]:
    """Each item with what `prepare` made of it, in the order of `items`.

    While one batch is used, the next one is prepared, all its items at once: a store then commits them together.
    Raises what `prepare` raised, when the turn of that item comes.
    """
    waiting = iter(items)

    def start() -> Sequence[tuple[T, asyncio.Task[R]]]:
        return [(item, asyncio.create_task(prepare(item))) for item in islice(waiting, batch)]

    current, following = start(), start()
    try:
        while current:
            for item, task in current:
                yield item, await task
            current, following = following, start()
    finally:
        for _, task in (*current, *following):
            task.cancel()
