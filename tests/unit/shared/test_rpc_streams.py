"""Server streams: what arrives, what ends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from tandem.profile.v1 import profile_service_pb2

from shared import errors
from shared.rpc.chain import stream_handler
from shared.rpc.channel import call_stream, open_channel
from shared.rpc.context import CallContext
from shared.rpc.interceptors.errors import map_errors
from tests.support.grpc_server import Loopback, loopback
from tests.support.rules_servicer import Behaviour, nothing, raising

PROFILE = profile_service_pb2.DESCRIPTOR.services_by_name["ProfileService"]


class TailServicer:
    """Sends three events, then does what the test says."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.is_closed = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        if name in PROFILE.methods_by_name:
            return nothing
        raise AttributeError(name)

    async def TailEvents(
        self, request: profile_service_pb2.TailEventsRequest, context: CallContext
    ) -> AsyncIterator[profile_service_pb2.TailEventsResponse]:
        try:
            for _ in range(3):
                yield profile_service_pb2.TailEventsResponse()
            await self.behaviour(context)
        finally:
            self.is_closed.set()


TAIL = profile_service_pb2.TailEventsRequest()


async def test_stream_arrives_whole() -> None:
    async with loopback(PROFILE, TailServicer(nothing)) as server:
        answers = [each async for each in call_stream(server.stream("TailEvents"), TAIL, timeout_s=5)]
    assert len(answers) == 3


async def test_stream_that_fails_keeps_what_was_sent_and_tells_why() -> None:
    answers = []
    async with loopback(PROFILE, TailServicer(raising(errors.NotFound("PROFILE_NOT_FOUND", "gone")))) as server:
        stream = call_stream(server.stream("TailEvents"), TAIL, timeout_s=5)
        answers.extend([await anext(stream) for _ in range(3)])
        with pytest.raises(errors.NotFound):
            await anext(stream)
    assert len(answers) == 3


async def forever(_context: CallContext) -> None:
    await asyncio.Event().wait()


async def test_abandoned_stream_ends_on_the_server() -> None:
    servicer = TailServicer(forever)
    async with loopback(PROFILE, servicer) as server:
        stream = call_stream(server.stream("TailEvents"), TAIL, timeout_s=30)
        await anext(stream)
        await stream.aclose()
        await asyncio.wait_for(servicer.is_closed.wait(), 2)


async def test_endless_stream_is_ended_at_shutdown_with_a_reason() -> None:
    servicer = TailServicer(forever)
    async with AsyncExitStack() as clients:
        async with loopback(PROFILE, servicer, grace_seconds=20) as server:
            channel = await clients.enter_async_context(open_channel(server.server.address))
            stream = call_stream(Loopback(server.server, channel, PROFILE).stream("TailEvents"), TAIL, timeout_s=30)
            for _ in range(3):
                await anext(stream)
            stopped_at = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - stopped_at < 10
        with pytest.raises(errors.Unavailable) as caught:
            await anext(stream)
    assert caught.value.reason == "SHUTTING_DOWN"


async def test_streams_beyond_the_limit_are_refused_and_unary_calls_are_not() -> None:
    async with loopback(PROFILE, TailServicer(forever), max_concurrent_rpcs=1) as server:
        first = call_stream(server.stream("TailEvents"), TAIL, timeout_s=30)
        await anext(first)
        with pytest.raises(errors.ResourceExhausted):
            await anext(call_stream(server.stream("TailEvents"), TAIL, timeout_s=30))
        await first.aclose()


async def test_malformed_request_of_a_stream_is_the_callers_mistake() -> None:
    async with loopback(PROFILE, TailServicer(nothing)) as server:
        raw: Any = server.channel.unary_stream(f"/{PROFILE.full_name}/TailEvents")  # type: ignore[call-arg]
        with pytest.raises(errors.InvalidArgument):
            await anext(call_stream(raw, b"\xff", timeout_s=5))


async def fault_of_the_driver(_context: CallContext) -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise RuntimeError("the driver says its cancellation in its own words") from None


async def test_stream_that_its_caller_left_is_no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    servicer = TailServicer(fault_of_the_driver)
    async with loopback(PROFILE, servicer) as server:
        stream = call_stream(server.stream("TailEvents"), TAIL, timeout_s=30)
        for _ in range(3):
            await anext(stream)
        await asyncio.sleep(0.1)
        await stream.aclose()
        await asyncio.wait_for(servicer.is_closed.wait(), 2)
        await asyncio.sleep(0.1)
    assert not [record for record in caplog.records if "fault" in record.message]


class GoneCaller:
    """What gRPC is like to a handler whose caller hung up while a message was on its way."""

    def __init__(self) -> None:
        self.code: grpc.StatusCode | None = None

    def invocation_metadata(self) -> None:
        return None

    def time_remaining(self) -> None:
        return None

    async def write(self, _content: bytes) -> None:
        raise RuntimeError('Failed "execute_batch"')

    async def abort(self, code: grpc.StatusCode, *_: object) -> None:
        self.code = code


async def test_stream_whose_caller_leaves_while_a_message_is_on_its_way_is_no_fault_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caller = GoneCaller()
    servicer: Any = TailServicer(nothing)
    handler: Any = stream_handler("/tandem/Tail", (map_errors,), servicer.TailEvents)
    with pytest.raises(asyncio.CancelledError):
        await handler.unary_stream(TAIL, caller)
    assert caller.code is None
    assert not caplog.records
