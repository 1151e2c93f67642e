"""BatchDecide and StreamDecide on the wire: order, errors of their own, and a server that reads no further than it
works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from tandem.common.v1 import stage_pb2
from tandem.orchestrator.v1 import batch_pb2 as pb
from tandem.orchestrator.v1 import decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as service_pb

from services.orchestrator.api.mapping.batches import MAX_EXPLAINED, MAX_REQUESTS
from services.orchestrator.api.servicer import OrchestratorServicer
from services.orchestrator.app.batch.decide import DecideBatch, Item, Outcome
from services.orchestrator.app.batch.stream import Arrivals, decide_stream
from shared import background
from shared.errors import InvalidArgument, NotFound
from shared.rpc.errors import from_rpc_error, from_status
from tests.support.grpc_server import Loopback, loopback
from tests.support.shop import Shop, fresh_id, open_shop

DESCRIPTOR = service_pb.DESCRIPTOR.services_by_name["OrchestratorService"]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        await opened.knows(age=42)
        yield opened


@pytest.fixture
async def served(shop: Shop) -> AsyncIterator[Loopback]:
    async with loopback(DESCRIPTOR, OrchestratorServicer(shop.orchestrator)) as running:
        yield running


def request(placement: str = "home_hero", **fields: Any) -> decision_pb2.DecideRequest:
    subject = {"identities": [{"namespace": "crm", "value": "ada"}]}
    return decision_pb2.DecideRequest(
        **{"request_id": fresh_id("s"), "subject": subject, "placements": [{"placement_id": placement}], **fields}
    )


def reason(item: pb.BatchDecideResponse.Item | pb.StreamDecideResponse) -> str:
    error = from_status(item.error) if item.HasField("error") else None
    return "" if error is None else error.reason


async def test_one_bad_request_never_fails_the_batch(served: Loopback) -> None:
    nameless = request(subject={"identities": [{"namespace": "crm"}]})
    requests = [request(), request("nowhere"), nameless, request(request_id=""), request()]
    response = await served.unary("BatchDecide")(pb.BatchDecideRequest(requests=requests))
    reasons = ["", "UNKNOWN_PLACEMENT", "REQUIRED_FIELD_MISSING", "REQUIRED_FIELD_MISSING", ""]
    assert [reason(item) for item in response.items] == reasons
    assert [response.items[place].result.request_id for place in (0, 4)] == [
        requests[0].request_id,
        requests[4].request_id,
    ]


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [request(request_id=f"r{number}") for number in range(MAX_REQUESTS + 1)],
        [request(request_id=f"r{number}", explain=stage_pb2.EXPLAIN_FULL) for number in range(MAX_EXPLAINED + 1)],
    ],
    ids=["none", "too many", "too much explained"],
)
async def test_a_batch_has_a_size(served: Loopback, requests: list[decision_pb2.DecideRequest]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await served.unary("BatchDecide")(pb.BatchDecideRequest(requests=requests))
    refused = from_rpc_error(caught.value)
    assert refused.reason == "INVALID_FIELD"
    assert [each.field for each in refused.violations] == ["requests"]


async def test_a_stream_answers_each_in_the_order_of_arrival(served: Loopback) -> None:
    asked = [request("nowhere" if number % 7 == 3 else "home_hero") for number in range(150)]
    answered = await talk(served, asked)
    assert [each.request_id for each in answered] == [each.request_id for each in asked]
    assert [reason(each) for each in answered] == ["UNKNOWN_PLACEMENT" if n % 7 == 3 else "" for n in range(150)]


async def test_a_stream_answers_before_the_next_request_comes(served: Loopback) -> None:
    call = stream(served)
    for _ in range(3):
        asked = request()
        await call.write(pb.StreamDecideRequest(request=asked))
        answer = await call.read()
        assert answer.result.request_id == asked.request_id
    await call.done_writing()
    assert await call.read() == grpc.aio.EOF  # type: ignore[attr-defined]


async def test_a_stream_is_idempotent_for_each_request(served: Loopback) -> None:
    asked = [request() for _ in range(5)]
    first, again = await talk(served, asked), await talk(served, asked)
    assert [each.result.decision_id for each in first] == [each.result.decision_id for each in again]


async def test_what_is_no_message_ends_the_stream(served: Loopback) -> None:
    call = served.channel.stream_stream(f"/{DESCRIPTOR.full_name}/StreamDecide")(None)  # type: ignore[call-arg]
    await call.write(b"\xff\xff")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert from_rpc_error(caught.value).reason == "MALFORMED_MESSAGE"


async def test_nothing_is_read_beyond_what_is_worked_on_and_one_group_ahead() -> None:
    read = 0

    async def endless() -> AsyncIterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    async with aclosing(Arrivals(endless(), 4).groups()) as groups:
        first = await anext(groups)
        await asyncio.sleep(0.05)
        seen = read
        await asyncio.sleep(0.05)
        assert read == seen <= len(first) + 4 + 1
        assert first == list(range(1, len(first) + 1))
        second = await anext(groups)
        assert second == list(range(len(first) + 1, len(first) + len(second) + 1))


async def test_groups_lose_nothing_at_any_pace() -> None:
    async def slow() -> AsyncIterator[int]:
        for number in range(20):
            if number % 3 == 0:
                await asyncio.sleep(0)
            yield number

    for most in (1, 2, 5, 30):
        async with aclosing(Arrivals(slow(), most).groups()) as groups:
            arrived = [group async for group in groups]
        assert [each for group in arrived for each in group] == list(range(20))
        assert max(map(len, arrived)) <= most


async def test_a_source_that_breaks_is_heard_of_behind_what_it_brought() -> None:
    async def breaking() -> AsyncIterator[int]:
        yield 1
        raise ValueError("broken")

    async with aclosing(Arrivals(breaking(), 4).groups()) as groups:
        assert await anext(groups) == [1]
        with pytest.raises(ValueError, match="broken"):
            await anext(groups)


async def test_who_stops_listening_ends_the_reading_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "PATIENCE_S", 3_600.0)
    closed = False

    async def endless() -> AsyncGenerator[int]:
        nonlocal closed
        try:
            while True:
                yield 1
        finally:
            closed = True

    source = endless()
    async with asyncio.timeout(60):
        async with aclosing(source), aclosing(Arrivals(source, 4).groups()) as groups:
            assert await anext(groups)
            for _ in range(10):
                await asyncio.sleep(0)  # it reads until there is no room
    assert closed
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "arrivals"]


async def test_a_group_that_was_begun_is_decided_though_the_caller_is_gone() -> None:
    begun, go_on, decided = asyncio.Event(), asyncio.Event(), list[object]()

    async def decide(items: Sequence[Item], deadline_ms: int | None) -> list[Outcome]:
        begun.set()
        await go_on.wait()
        decided.extend(items)
        return [NotFound("X", "x")] * len(items)

    async def asked() -> AsyncIterator[tuple[str, Item]]:
        yield "r1", InvalidArgument.field("x", "y")

    async def listen() -> None:
        async with aclosing(decide_stream(cast("DecideBatch", decide), asked(), None)) as outcomes:
            async for _ in outcomes:
                pass

    listening = asyncio.create_task(listen())
    await begun.wait()
    listening.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert len(decided) == 1


def stream(served: Loopback) -> Any:
    return served.channel.stream_stream(
        f"/{DESCRIPTOR.full_name}/StreamDecide",
        pb.StreamDecideRequest.SerializeToString,
        pb.StreamDecideResponse.FromString,
    )(None)


async def talk(served: Loopback, asked: list[decision_pb2.DecideRequest]) -> list[pb.StreamDecideResponse]:
    call = stream(served)

    async def send() -> None:
        for each in asked:
            await call.write(pb.StreamDecideRequest(request=each))
        await call.done_writing()

    async with asyncio.TaskGroup() as group:
        group.create_task(send())
        answers = group.create_task(_all(call))
    return answers.result()


async def _all(call: Any) -> list[pb.StreamDecideResponse]:
    return [answer async for answer in call]
