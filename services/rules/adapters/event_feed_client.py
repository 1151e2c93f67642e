"""The event log of the profile service over gRPC."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field

import grpc
from tandem.profile.v1 import event_pb2
from tandem.profile.v1 import profile_service_pb2 as pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from services.rules.adapters.profile_calls_client import CALL_S, SERVICE, values_of
from services.rules.app.trigger_ports import HappeningBatch, LoggedHappening
from services.rules.domain.triggers.outcome import Happening
from shared.errors import Unavailable
from shared.rpc.channel import call_stream
from shared.rpc.values import timestamp_ms

STREAM_S = 60.0
STALE_S = 30.0
"""A stream this old is not gone on with: its deadline comes."""


@dataclass(slots=True)
class _Stream:
    """One reading of the log, from its place to the end. `position`: how far it was handed out."""

    responses: AsyncGenerator[pb.TailEventsResponse]
    types: tuple[str, ...]
    position: str
    opened_s: float
    ready: deque[LoggedHappening | str] = field(default_factory=deque)
    """Events, and positions behind which there are others."""


class GrpcEventFeed:
    """Implements EventFeed. The stream stays open between two reads, so the next page is under way meanwhile."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]
        self._stream: _Stream | None = None

    async def end(self) -> str:
        request = pb.TailEventsRequest(from_end=True, tell_end=True)
        responses = call_stream(self._stub.TailEvents, request, timeout_s=CALL_S, service=SERVICE)
        positions: list[str] = [response.position async for response in responses]
        if not positions:
            raise Unavailable("DEPENDENCY_UNAVAILABLE", "the profile service does not tell the end of its log")
        return positions[-1]

    async def read(self, after: str, types: Sequence[str], limit: int) -> HappeningBatch:
        stream = self._stream
        try:
            if stream is None or not _continues(stream, after, tuple(types)):
                await self.close()
                stream = self._stream = self._open(after, tuple(types))
            batch = await _take(stream, limit)
        except BaseException:
            await self.close()
            raise
        if batch.is_end:
            await self.close()
        return batch

    async def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.responses.aclose()

    def _open(self, after: str, types: tuple[str, ...]) -> _Stream:
        request = pb.TailEventsRequest(after_position=after, types=types, tell_end=True)
        responses = call_stream(self._stub.TailEvents, request, timeout_s=STREAM_S, service=SERVICE)
        return _Stream(responses, types, after, time.monotonic())


def _continues(stream: _Stream, after: str, types: tuple[str, ...]) -> bool:
    is_fresh = time.monotonic() < stream.opened_s + STALE_S
    return is_fresh and stream.position == after and stream.types == types


async def _take(stream: _Stream, limit: int) -> HappeningBatch:
    taken: list[LoggedHappening] = []
    while len(taken) < limit:
        if not stream.ready:
            response = await anext(stream.responses, None)
            if response is None or not response.events:
                stream.position = stream.position if response is None else response.position
                return HappeningBatch(tuple(taken), stream.position, is_end=True)
            stream.ready.extend(_happenings(response))
        each = stream.ready.popleft()
        if isinstance(each, str):
            stream.position = each
        else:
            stream.position = each.position
            taken.append(each)
    return HappeningBatch(tuple(taken), stream.position, is_end=False)


def _happenings(response: pb.TailEventsResponse) -> Iterator[LoggedHappening | str]:
    for recorded in response.events:
        yield recorded.position if recorded.event.is_machine else _happening(recorded)


def _happening(recorded: event_pb2.RecordedEvent) -> LoggedHappening:
    event = recorded.event
    happening = Happening(
        event.event_id,
        recorded.profile_id,
        event.type,
        timestamp_ms(event.event_time, "event_time"),
        values_of(event.properties),
    )
    return LoggedHappening(recorded.position, timestamp_ms(recorded.recorded_time, "recorded_time"), happening)
