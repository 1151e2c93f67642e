"""A gRPC server: handlers from descriptors, interceptors, health, reflection, and an end that loses no call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from shared.errors import StartupError
from shared.health import Health
from shared.metrics import serve_metrics
from shared.net import join_address, parse_address
from shared.rpc.chain import duplex_handler, stream_handler, unary_handler
from shared.rpc.interceptors.drain import Drain
from shared.rpc.stack import InterceptorStack
from shared.rpc.tls import say_who_may_call, server_credentials
from shared.settings import ServiceSettings

MIN_PING_INTERVAL_MS = 5_000
"""A client that pings more often is sent away."""

_log = logging.getLogger("tandem.server")


@dataclass(frozen=True, slots=True)
class ServiceBinding:
    """A service and what answers it.

    `servicer` has one method per RPC: `async def GetX(self, request, context: CallContext) -> response`, an async
    generator for a server stream; where callers stream, too, `request` is an async iterator. `check` raises where the
    service cannot serve; it runs every two seconds.
    """

    descriptor: ServiceDescriptor
    servicer: object
    check: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RunningServer:
    """The addresses as bound: a port 0 of the settings has become a real one. Empty where off."""

    address: str
    metrics_address: str
    health_address: str


async def serve(bindings: Sequence[ServiceBinding], settings: ServiceSettings, stack: AsyncExitStack) -> RunningServer:
    """Serves until `stack` closes; then NOT_SERVING, drain, grace for calls in flight, and only then what was opened
    before it closes. Call it last. Raises StartupError where an address is taken."""
    checks = {binding.descriptor.full_name: binding.check for binding in bindings}
    drain = Drain()
    health_of_all = Health(checks, drain)
    server = _server(bindings, settings, drain)
    health_pb2_grpc.add_HealthServicer_to_server(health_of_all.servicer, server)
    if settings.reflection:
        names = (*checks, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
    metrics_address = await _serve_metrics(settings, stack)
    health_address = await _serve_health(settings, health_of_all, stack)
    address = _bind(server, settings.listen_address, server_credentials(settings))
    await health_of_all.start(stack)
    await server.start()
    stack.push_async_callback(_stop, server, health_of_all, drain, settings)
    say_who_may_call(settings)
    running = RunningServer(address, metrics_address, health_address)
    _log.info("listening", extra={"fields": {"address": address, "metrics": metrics_address, "services": list(checks)}})
    return running


def _server(bindings: Iterable[ServiceBinding], settings: ServiceSettings, drain: Drain) -> grpc.aio.Server:
    server = grpc.aio.server(options=_options(settings))
    interceptors = InterceptorStack(settings, drain)
    for binding in bindings:
        handlers = {method.name: _handler(binding, method, interceptors) for method in binding.descriptor.methods}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(binding.descriptor.full_name, handlers),))
    return server


def _handler(binding: ServiceBinding, method: MethodDescriptor, interceptors: InterceptorStack) -> Any:
    answer = getattr(binding.servicer, method.name, None)
    if answer is None or (method.client_streaming and not method.server_streaming):
        raise TypeError(f"{type(binding.servicer).__name__} cannot answer {method.full_name}")
    name = f"/{binding.descriptor.full_name}/{method.name}"
    if method.client_streaming:
        return duplex_handler(name, *interceptors.of_duplex(method, answer), answer)
    if method.server_streaming:
        return stream_handler(name, interceptors.of_stream(method), answer)
    return unary_handler(name, interceptors.of_unary(method, answer=answer), answer)


def _options(settings: ServiceSettings) -> list[tuple[str, int]]:
    options = [
        # Without it two servers share a port and each gets half of the calls.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", settings.max_receive_bytes),
        ("grpc.max_send_message_length", settings.max_receive_bytes),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.http2.ping_timeout_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # Clients ping every ten seconds (channel.py), also where nothing is under way; gRPC itself permits it once in
        # five minutes, and then ends the connection: too_many_pings.
        ("grpc.http2.min_ping_interval_without_data_ms", MIN_PING_INTERVAL_MS),
    ]
    if settings.max_connection_age_seconds:
        options.append(("grpc.max_connection_age_ms", int(settings.max_connection_age_seconds * 1000)))
        options.append(("grpc.max_connection_age_grace_ms", int(settings.grace_seconds * 1000)))
    return options


def _bind(server: grpc.aio.Server, address: str, credentials: grpc.ServerCredentials | None) -> str:
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as failure:
        raise StartupError(f"cannot listen on {address}: is another server running there?") from failure
    return join_address(parse_address(address)[0], port)


async def _serve_metrics(settings: ServiceSettings, stack: AsyncExitStack) -> str:
    return "" if settings.metrics_address == "off" else await serve_metrics(settings.metrics_address, stack)


async def _serve_health(settings: ServiceSettings, health_of_all: Health, stack: AsyncExitStack) -> str:
    if settings.health_address == "off":
        return ""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(health_of_all.servicer, server)
    address = _bind(server, settings.health_address, None)
    await server.start()
    stack.push_async_callback(server.stop, 0)
    return address


async def _stop(server: grpc.aio.Server, health_of_all: Health, drain: Drain, settings: ServiceSettings) -> None:
    _log.info("draining")
    await health_of_all.drain()
    await asyncio.sleep(settings.drain_seconds)
    drain.begin()
    await server.stop(settings.grace_seconds)
    _log.info("stopped")
