"""Calls between services: what they carry along and how long they may take."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from grpc.aio import Metadata

from shared import errors
from shared.logging import request_id
from shared.rpc.channel import call, open_channel
from shared.rpc.context import CallContext, current_deadline_ms
from shared.rpc.errors import from_rpc_error
from tests.support.grpc_server import Loopback, loopback
from tests.support.rules_servicer import EVALUATE, RULES, RulesServicer


async def evaluate(server: Loopback, timeout_s: float = 5) -> Any:
    return await call(server.unary("EvaluateEngagementPolicy"), EVALUATE, timeout_s=timeout_s, service="rules")


class Observer:
    """Notes the context of each call."""

    def __init__(self) -> None:
        self.seen: list[CallContext] = []

    async def __call__(self, context: CallContext) -> None:
        self.seen.append(context)


async def test_request_id_and_deadline_go_from_service_to_service() -> None:
    inner_seen = Observer()
    async with loopback(RULES, RulesServicer(inner_seen)) as inner:

        async def call_inner(_context: CallContext) -> None:
            await evaluate(inner, timeout_s=30)

        async with loopback(RULES, RulesServicer(call_inner)) as outer:
            method = outer.unary("EvaluateEngagementPolicy")
            await method(EVALUATE, timeout=2, metadata=(("x-request-id", "chain-1"),))
    (seen,) = inner_seen.seen
    assert seen.request_id == "chain-1"
    assert 0 < (seen.remaining_s() or 99) < 2


async def test_call_outside_a_request_has_its_own_deadline_and_a_new_request_id() -> None:
    observer = Observer()
    async with loopback(RULES, RulesServicer(observer)) as server:
        await evaluate(server, timeout_s=3)
    (seen,) = observer.seen
    assert seen.request_id.startswith("req_")
    assert 2 < (seen.remaining_s() or 0) <= 3


async def test_call_whose_time_is_over_is_not_made() -> None:
    observer = Observer()

    async def late(server: Loopback) -> None:
        current_deadline_ms.set(1)
        await evaluate(server)

    async with loopback(RULES, RulesServicer(observer)) as server:
        with pytest.raises(errors.DeadlineExceeded):
            await asyncio.create_task(late(server))
    assert observer.seen == []


async def test_unavailable_is_tried_again_and_other_failures_are_not() -> None:
    attempts: list[str] = []

    async def fail_twice(context: CallContext) -> None:
        attempts.append(context.request_id)
        if len(attempts) < 3:
            raise errors.Unavailable("STORE_UNAVAILABLE", "a moment")
        if len(attempts) > 3:
            raise errors.Aborted("CONCURRENT_CHANGE", "again")

    async with loopback(RULES, RulesServicer(fail_twice)) as server:
        assert (await evaluate(server)).rule_set_version == "r-1"
        assert len(attempts) == 3
        with pytest.raises(errors.Aborted):
            await evaluate(server)
        assert len(attempts) == 4


async def test_frozen_peer_costs_the_deadline_and_no_more() -> None:
    """A peer that accepts and never answers."""

    async def swallow(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    peer = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = peer.sockets[0].getsockname()[1]
    started = asyncio.get_running_loop().time()
    async with open_channel(f"127.0.0.1:{port}") as channel:
        silent: Any = Loopback(None, channel, RULES)  # type: ignore[arg-type]
        with pytest.raises((errors.DeadlineExceeded, errors.Unavailable)):
            await evaluate(silent, timeout_s=0.2)
    peer.close()
    assert asyncio.get_running_loop().time() - started < 2


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, errors.Unavailable, "DEPENDENCY_UNAVAILABLE"),
        (grpc.StatusCode.CANCELLED, errors.Unavailable, "DEPENDENCY_UNAVAILABLE"),
        (grpc.StatusCode.UNIMPLEMENTED, errors.Unavailable, "DEPENDENCY_UNAVAILABLE"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.DeadlineExceeded, "DEADLINE_EXCEEDED"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.ResourceExhausted, "OVERLOADED"),
        (grpc.StatusCode.UNKNOWN, errors.Internal, "INTERNAL"),
    ],
)
@pytest.mark.parametrize("details", [(), (("grpc-status-details-bin", b"\xff"),)])
def test_status_that_is_not_ours_maps_by_its_code(
    code: grpc.StatusCode, kind: type[errors.TandemError], reason: str, details: Any
) -> None:
    failure = grpc.aio.AioRpcError(code, Metadata(), Metadata(*details), details="from a proxy", debug_error_string="")
    error = from_rpc_error(failure, "rules")
    assert type(error) is kind
    assert error.reason == reason
    assert error.metadata == {"service": "rules"}


def test_request_id_is_empty_outside_calls() -> None:
    assert request_id.get() == ""
