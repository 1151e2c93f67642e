"""Ends open streams when the server drains, so that shutting down does not wait for those who never hang up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.errors import Unavailable
from shared.rpc.chain import CallNext
from shared.rpc.context import CallContext


class Drain:
    """Of one server; an interceptor of streams only: unary calls in flight have the grace period instead."""

    def __init__(self) -> None:
        self._streams: set[asyncio.Timeout] = set()
        self._has_begun = False

    def begin(self) -> None:
        """Every open stream ends with UNAVAILABLE (SHUTTING_DOWN) at its next await, and no new one starts."""
        self._has_begun = True
        for stream in self._streams:
            stream.reschedule(0)

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[None]:
        """Around the life of a stream. Raises Unavailable when it is cut short."""
        if self._has_begun:
            raise _shutting_down()
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._streams.add(scope)
                try:
                    yield
                finally:
                    self._streams.discard(scope)
        except TimeoutError as failure:
            if not scope.expired():
                raise
            raise _shutting_down() from failure

    async def __call__(self, request: Any, context: CallContext, call_next: CallNext) -> Any:
        async with self.stream():
            return await call_next(request, context)


def _shutting_down() -> Unavailable:
    return Unavailable("SHUTTING_DOWN", "the server is shutting down; open the stream again where it ended")
