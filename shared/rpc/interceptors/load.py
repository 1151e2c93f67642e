"""Sheds load: beyond a bound, a quick refusal is worth more than an answer that comes too late."""

from __future__ import annotations

from typing import Any

from shared.errors import ResourceExhausted
from shared.rpc.chain import CallNext
from shared.rpc.context import CallContext


class LoadLimit:
    """At most `limit` calls in flight among the methods that share this instance."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_flight = 0

    async def __call__(self, request: Any, context: CallContext, call_next: CallNext) -> Any:
        if self._in_flight >= self._limit:
            raise ResourceExhausted(
                "OVERLOADED",
                f"{self._limit} calls are in flight already; retry after a moment",
                metadata={"limit": str(self._limit)},
            )
        self._in_flight += 1
        try:
            return await call_next(request, context)
        finally:
            self._in_flight -= 1
