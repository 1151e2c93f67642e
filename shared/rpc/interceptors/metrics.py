"""Rate, errors and duration per method."""

from __future__ import annotations

import time
from typing import Any

import grpc

from shared import metrics
from shared.rpc.chain import CallNext, Interceptor
from shared.rpc.context import CallContext
from shared.rpc.errors import code_of_ending


def measure(service: str, method: str) -> Interceptor:
    """For one method; its usual series exist from the start, so that the first error shows in a rate."""
    calls = metrics.rpc_series(service, method)

    async def measure_call(request: Any, context: CallContext, call_next: CallNext) -> Any:
        started = time.perf_counter()
        calls.started.inc()
        code = grpc.StatusCode.OK
        try:
            return await call_next(request, context)
        except BaseException as failure:
            code = code_of_ending(failure, context)
            raise
        finally:
            calls.finish(code.name, time.perf_counter() - started)

    return measure_call
