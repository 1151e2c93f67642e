"""The bearer token on outgoing calls. (grpc's own call credentials refuse connections without TLS, loopback too.)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc


def token_interceptors(token: str) -> Sequence[grpc.aio.ClientInterceptor]:
    interceptors: Any = [_UnaryToken(token), _StreamToken(token)]
    return interceptors  # type: ignore[no-any-return]


class _UnaryToken(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[type-arg]
    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await continuation(_with(client_call_details, self._header), request)


class _StreamToken(grpc.aio.UnaryStreamClientInterceptor):  # type: ignore[type-arg]
    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await continuation(_with(client_call_details, self._header), request)


def _with(details: Any, header: tuple[str, str]) -> Any:
    return details._replace(metadata=grpc.aio.Metadata(*(details.metadata or ()), header))
