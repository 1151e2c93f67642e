"""Word of erasures from the profile service over gRPC."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from tandem.profile.v1 import rights_pb2 as pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from services.orchestrator.adapters.deadline import remaining_s
from services.orchestrator.app.erasures import ErasureNotice
from shared.clock import Clock
from shared.rpc.channel import call_stream

SERVICE = "profile"


class GrpcErasureFeed:
    """Implements ErasureFeed."""

    def __init__(self, channel: grpc.aio.Channel, clock: Clock) -> None:
        self._stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]
        self._clock = clock

    async def erasures(self, after: str, *, deadline_ms: int) -> Sequence[ErasureNotice]:
        request = pb.TailErasuresRequest(after_position=after)
        timeout_s = remaining_s(deadline_ms, self._clock)
        notices: list[ErasureNotice] = []
        async for response in call_stream(self._stub.TailErasures, request, timeout_s=timeout_s, service=SERVICE):
            notices += (
                ErasureNotice(each.position, each.erasure_id, tuple(each.profile_ids)) for each in response.erasures
            )
        return notices
