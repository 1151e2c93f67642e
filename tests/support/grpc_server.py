"""A real server on loopback for tests of what stands between a caller and a servicer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from shared.rpc.channel import open_channel
from shared.rpc.server import RunningServer, ServiceBinding, serve
from shared.rpc.tls import ClientTls
from shared.settings import ServiceSettings


async def healthy() -> None:
    """The check of a service that can always serve."""


@dataclass(frozen=True, slots=True)
class Loopback:
    """A running server and a channel to it."""

    server: RunningServer
    channel: grpc.aio.Channel
    descriptor: ServiceDescriptor

    def unary(self, method: str) -> grpc.aio.UnaryUnaryMultiCallable[Any, Any]:
        return self.channel.unary_unary(self._path(method), *self._codecs(method))

    def stream(self, method: str) -> grpc.aio.UnaryStreamMultiCallable[Any, Any]:
        return self.channel.unary_stream(self._path(method), *self._codecs(method))

    def raw(self, method: str) -> grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]:
        """Sends bytes as they are."""
        return self.channel.unary_unary(self._path(method))  # type: ignore[call-arg]

    def _path(self, method: str) -> str:
        return f"/{self.descriptor.full_name}/{method}"

    def _codecs(self, method: str) -> tuple[Any, Any]:
        found = self.descriptor.methods_by_name[method]
        return GetMessageClass(found.input_type).SerializeToString, GetMessageClass(found.output_type).FromString


@asynccontextmanager
async def loopback(
    descriptor: ServiceDescriptor,
    servicer: object,
    *,
    check: Callable[[], Awaitable[None]] = healthy,
    tls: ClientTls | None = None,
    token: str | None = None,
    **settings: Any,
) -> AsyncIterator[Loopback]:
    """`settings` override those of a quiet server on a free port; `tls` and `token` are the client's."""
    quiet: dict[str, Any] = {"listen_address": "127.0.0.1:0", "metrics_address": "off", "grace_seconds": 1}
    async with AsyncExitStack() as stack:
        binding = ServiceBinding(descriptor, servicer, check)
        server = await serve([binding], ServiceSettings(**quiet | settings), stack)
        channel = open_channel(server.address.replace("127.0.0.1", "localhost"), tls=tls, token=token)
        stack.push_async_callback(channel.close, None)
        yield Loopback(server, channel, descriptor)
