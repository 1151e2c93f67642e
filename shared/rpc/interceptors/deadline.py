"""Ends the work when its answer is of no use any more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from shared.clock import system_clock
from shared.errors import DeadlineExceeded
from shared.rpc.chain import CallNext, Interceptor
from shared.rpc.context import CallContext, current_deadline_ms


def limit_time(default_s: float | None) -> Interceptor:
    """The caller's deadline, or `default_s` from now; None leaves a call without deadline as it is."""

    async def limit_call(request: Any, context: CallContext, call_next: CallNext) -> Any:
        if context.deadline_ms is None:
            if default_s is None:
                return await call_next(request, context)
            context = replace(context, deadline_ms=system_clock() + int(default_s * 1000))
        current_deadline_ms.set(context.deadline_ms)
        try:
            async with asyncio.timeout(context.remaining_s()) as scope:
                return await call_next(request, context)
        except TimeoutError as failure:
            if not scope.expired():
                raise
            raise DeadlineExceeded("DEADLINE_EXCEEDED", "the deadline passed before the work was done") from failure

    return limit_call
