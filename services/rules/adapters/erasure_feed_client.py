"""Word of erasures from the profile service over gRPC."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from tandem.profile.v1 import rights_pb2 as pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from services.rules.adapters.profile_calls_client import CALL_S, SERVICE
from services.rules.app.trigger_ports import Erasure
from shared.rpc.channel import call_stream

MAX_ERASURES = 1_000


class GrpcErasureFeed:
    """Implements ErasureFeed."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]

    async def erasures(self, after: str) -> Sequence[Erasure]:
        request = pb.TailErasuresRequest(after_position=after)
        found: list[Erasure] = []
        async for response in call_stream(self._stub.TailErasures, request, timeout_s=CALL_S, service=SERVICE):
            found += (Erasure(each.position, tuple(each.profile_ids)) for each in response.erasures)
            if len(found) >= MAX_ERASURES:
                break
        return found
