"""One line per call that failed; with log level DEBUG, one per call."""

from __future__ import annotations

import logging
import time
from typing import Any

import grpc

from shared.rpc.chain import CallNext
from shared.rpc.context import CallContext
from shared.rpc.errors import RpcFailure, code_of_ending

_log = logging.getLogger("tandem.rpc")
_OURS = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN})


async def log_call(request: Any, context: CallContext, call_next: CallNext) -> Any:
    started = time.perf_counter()
    try:
        response = await call_next(request, context)
    except BaseException as failure:
        _write(context, started, code_of_ending(failure, context), failure)
        raise
    if _log.isEnabledFor(logging.DEBUG):
        _write(context, started, grpc.StatusCode.OK, None)
    return response


def _write(context: CallContext, started: float, code: grpc.StatusCode, failure: BaseException | None) -> None:
    fields = {"method": context.method, "code": code.name, "ms": round((time.perf_counter() - started) * 1000, 3)}
    if isinstance(failure, RpcFailure):
        fields["reason"] = failure.reason
    _log.log(_level(code), "call", extra={"fields": fields})


def _level(code: grpc.StatusCode) -> int:
    if code is grpc.StatusCode.OK:
        return logging.DEBUG
    return logging.WARNING if code in _OURS else logging.INFO
