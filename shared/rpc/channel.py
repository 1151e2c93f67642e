"""Calls to other services: a channel with retries and a way to notice dead peers, and no call without a deadline."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

import grpc

from shared.clock import system_clock
from shared.errors import DeadlineExceeded
from shared.rpc.context import REQUEST_ID_HEADER, current_deadline_ms, current_request_id
from shared.rpc.errors import from_rpc_error
from shared.rpc.tls import ClientTls, channel_credentials
from shared.rpc.token import token_interceptors

Request = TypeVar("Request")
Response = TypeVar("Response")

MAX_MESSAGE_BYTES = 20 * 2**20
MARGIN_S = 0.005
"""Kept of the caller's time, to answer with what came back."""

# Only UNAVAILABLE: every mutation is idempotent under its request_id, so a second try is safe, but never at two layers.
_SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.05s",
                "maxBackoff": "0.5s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}
_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    ("grpc.enable_retries", 1),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # A frozen peer is noticed by the ping timeout, a lost network by the keepalive timeout: both are needed.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.http2.ping_timeout_ms", 3_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # With the servers' max_connection_age, new replicas behind a headless name are found within a second.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]


def open_channel(target: str, *, tls: ClientTls | None = None, token: str | None = None) -> grpc.aio.Channel:
    """A channel to `target` ("host:port" or "dns:///name:port"); close it when done. Belongs to the running loop."""
    interceptors = token_interceptors(token) if token else None
    if tls is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS, interceptors=interceptors)
    return grpc.aio.secure_channel(target, channel_credentials(tls), options=_OPTIONS, interceptors=interceptors)


async def call(
    method: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
    request: Request,
    *,
    timeout_s: float,
    service: str = "",
) -> Response:
    """One call, within `timeout_s` and within what is left of the call being served.

    Raises the error the service raised, rebuilt from its status; `service` names it where it does not answer.
    """
    try:
        return await method(request, timeout=_allowed_s(timeout_s), metadata=_metadata())
    except grpc.aio.AioRpcError as failure:
        raise from_rpc_error(failure, service) from failure


async def call_stream(
    method: grpc.aio.UnaryStreamMultiCallable[Request, Response],
    request: Request,
    *,
    timeout_s: float,
    service: str = "",
) -> AsyncGenerator[Response]:
    """The messages of a server stream; the same deadline and errors as `call`."""
    stream = method(request, timeout=_allowed_s(timeout_s), metadata=_metadata())
    try:
        async for response in stream:
            yield response
    except grpc.aio.AioRpcError as failure:
        raise from_rpc_error(failure, service) from failure
    finally:
        stream.cancel()


def _allowed_s(timeout_s: float) -> float:
    deadline_ms = current_deadline_ms.get()
    if deadline_ms is None:
        return timeout_s
    remaining_s = (deadline_ms - system_clock()) / 1000 - MARGIN_S
    if remaining_s <= 0:
        raise DeadlineExceeded("DEADLINE_EXCEEDED", "the deadline passed before the call was made")
    return min(timeout_s, remaining_s)


def _metadata() -> tuple[tuple[str, str], ...]:
    request_id = current_request_id()
    return ((REQUEST_ID_HEADER, request_id),) if request_id else ()
