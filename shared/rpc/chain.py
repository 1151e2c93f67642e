"""Interceptors written once, for unary methods and for streams.

    bytes --> [ outermost ... [ innermost [ handler ] ] ] --> bytes, or RpcFailure

An interceptor wraps the whole call. A stream is a call too: its innermost step sends every message and answers None, so
that a latency, a status or a deadline means the same for both.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, NoReturn, Protocol

import grpc
from google.protobuf.message import Message

from shared.caller import set_caller
from shared.clock import system_clock
from shared.ids import new_id
from shared.logging import request_id
from shared.rpc.context import REQUEST_ID_HEADER, CallContext
from shared.rpc.errors import DETAILS_HEADER, RpcFailure

MessageReader = Callable[[Any, CallContext], Awaitable[Any]]
"""Bytes of one message of a stream to the message, or an error."""
CallNext = Callable[[Any, CallContext], Awaitable[Any]]
GrpcContext = grpc.aio.ServicerContext[bytes, bytes]

_log = logging.getLogger("tandem.rpc")


class Interceptor(Protocol):
    """`request` is the raw bytes outside the decoding step and the message inside it."""

    async def __call__(self, request: Any, context: CallContext, call_next: CallNext, /) -> Any: ...


def compose(interceptors: Sequence[Interceptor], handler: CallNext) -> CallNext:
    """One function that runs the interceptors, the first outermost, around the handler."""
    call = handler
    for interceptor in reversed(interceptors):
        call = partial(_step, interceptor, call)
    return call


def unary_handler(
    method: str, interceptors: Sequence[Interceptor], answer: Callable[[Message, CallContext], Awaitable[Message]]
) -> grpc.RpcMethodHandler[bytes, bytes]:
    async def serialized(request: Message, context: CallContext) -> bytes:
        return (await answer(request, context)).SerializeToString()

    call = compose(interceptors, serialized)

    async def handle(request: bytes, grpc_context: GrpcContext) -> bytes:
        context = _begin(method, grpc_context)
        try:
            response: bytes = await call(request, context)
        except RpcFailure as failure:
            await _abort(grpc_context, context, failure)
        return response

    return grpc.unary_unary_rpc_method_handler(handle)


def stream_handler(
    method: str,
    interceptors: Sequence[Interceptor],
    answers: Callable[[Message, CallContext], AsyncIterator[Message]],
) -> grpc.RpcMethodHandler[bytes, bytes]:
    async def handle(request: bytes, grpc_context: GrpcContext) -> None:
        async def send_all(message: Message, context: CallContext) -> None:
            async with aclosing(answers(message, context)) as stream:  # type: ignore[type-var]
                async for answer in stream:
                    await _send(grpc_context, answer)

        context = _begin(method, grpc_context)
        try:
            await compose(interceptors, send_all)(request, context)
        except RpcFailure as failure:
            await _abort(grpc_context, context, failure)

    return grpc.unary_stream_rpc_method_handler(handle)


def duplex_handler(
    method: str,
    interceptors: Sequence[Interceptor],
    read: MessageReader,
    answers: Callable[[AsyncIterator[Message], CallContext], AsyncIterator[Message]],
) -> grpc.RpcMethodHandler[bytes, bytes]:
    """A stream both ways. The next message is read when the one before was taken: a caller that is faster waits."""

    async def handle(_: object, grpc_context: GrpcContext) -> None:
        async def send_all(_: None, context: CallContext) -> None:
            messages = _received(grpc_context, context, read)
            async with aclosing(messages), aclosing(answers(messages, context)) as stream:  # type: ignore[type-var]
                async for answer in stream:
                    await _send(grpc_context, answer)

        context = _begin(method, grpc_context)
        try:
            await compose(interceptors, send_all)(None, context)
        except RpcFailure as failure:
            await _abort(grpc_context, context, failure)

    return grpc.stream_stream_rpc_method_handler(handle)


async def _received(grpc_context: GrpcContext, context: CallContext, read: MessageReader) -> AsyncGenerator[Message]:
    while (content := await grpc_context.read()) is not grpc.aio.EOF:  # type: ignore[attr-defined]
        yield await read(content, context)


async def _send(grpc_context: GrpcContext, answer: Message) -> None:
    """A write that fails has lost its caller: it hung up or its deadline passed while the message was on its way, which
    gRPC says by an internal error of its own where it does not cancel."""
    content = answer.SerializeToString()
    try:
        await grpc_context.write(content)
    except Exception as failure:
        _log.info(
            "a message of a stream was not taken", extra={"fields": {"bytes": len(content), "cause": str(failure)}}
        )
        raise asyncio.CancelledError("the caller is gone") from failure


async def _step(interceptor: Interceptor, call_next: CallNext, request: Any, context: CallContext) -> Any:
    return await interceptor(request, context, call_next)


def _begin(method: str, grpc_context: GrpcContext) -> CallContext:
    metadata = {key: value for key, value in grpc_context.invocation_metadata() or () if isinstance(value, str)}
    remaining_s = grpc_context.time_remaining()
    deadline_ms = None if remaining_s is None else system_clock() + int(remaining_s * 1000)
    context = CallContext(_request_id(metadata.get(REQUEST_ID_HEADER, "")), method, deadline_ms, metadata)
    request_id.set(context.request_id)
    set_caller(lambda: _caller(grpc_context))
    return context


def _caller(grpc_context: GrpcContext) -> str:
    """The common name in the client's certificate, else the address it called from."""
    for name in grpc_context.auth_context().get("x509_common_name", ()):
        return name.decode(errors="replace")
    return str(grpc_context.peer()).rpartition(":")[0]


def _request_id(given: str) -> str:
    is_usable = 0 < len(given) <= 128 and given.isascii() and given.isprintable()
    return given if is_usable else new_id("req")


async def _abort(grpc_context: GrpcContext, context: CallContext, failure: RpcFailure) -> NoReturn:
    await grpc_context.abort(
        failure.code,
        failure.status.message,
        ((DETAILS_HEADER, failure.status.SerializeToString()), (REQUEST_ID_HEADER, context.request_id)),
    )
    raise AssertionError("abort raises")
