"""Work that may run ahead of its use, in order and within a window."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def ahead(
    items: Iterable[T], prepare: Callable[[T], Coroutine[None, None, R]], *, window: int
) -> AsyncIterator[tuple[T, R]]:
    """Each item with what `prepare` made of it, in the order of `items`; at most `window` are under way.

    Raises what `prepare` raised, when the turn of that item comes.
    """
    under_way: deque[tuple[T, asyncio.Task[R]]] = deque()
    try:
        for item in items:
            under_way.append((item, asyncio.create_task(prepare(item))))
            if len(under_way) >= window:
                first, task = under_way.popleft()
                yield first, await task
        while under_way:
            first, task = under_way.popleft()
            yield first, await task
    finally:
        for _, task in under_way:
            task.cancel()
