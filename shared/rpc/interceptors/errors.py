"""Exceptions to statuses: the one place where they meet."""

from __future__ import annotations

import logging
from typing import Any

from shared.background import end_if_cancelled
from shared.errors import Internal, TandemError, Unavailable
from shared.rpc.chain import CallNext
from shared.rpc.context import CallContext
from shared.rpc.errors import RpcFailure, to_status

_log = logging.getLogger("tandem.rpc")


async def map_errors(request: Any, context: CallContext, call_next: CallNext) -> Any:
    """A TandemError becomes its status; anything else is a fault of ours, told to the log alone."""
    try:
        return await call_next(request, context)
    except Internal as failure:
        raise _fault(context, failure) from failure
    except TandemError as failure:
        if isinstance(failure, Unavailable) and failure.__cause__ is not None:
            _log.warning("%s", failure.message, exc_info=failure.__cause__)
        raise RpcFailure(to_status(failure)) from failure
    except Exception as failure:
        # The caller left: a driver may answer its own cancellation with an error of its own.
        end_if_cancelled()
        raise _fault(context, failure) from failure


def _fault(context: CallContext, failure: Exception) -> RpcFailure:
    _log.error("fault in %s", context.method, exc_info=failure)
    text = f"internal error; the server's log has it under request id {context.request_id}"
    return RpcFailure(to_status(Internal("INTERNAL", text, metadata={"request_id": context.request_id})))
