"""Inferred traits to the profile service over gRPC."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from tandem.profile.v1 import profile_service_pb2 as pb
from tandem.profile.v1 import trait_pb2
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from services.rules.adapters.profile_calls_client import CALL_S, SERVICE, subject_of
from services.rules.app.trigger_ports import InferredTrait
from shared.errors import TandemError
from shared.rpc.channel import call
from shared.rpc.errors import from_status
from shared.rpc.values import timestamp_proto, value_to_proto


class GrpcTraitWriter:
    """Implements TraitWriter."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]

    async def write(self, request_id: str, traits: Sequence[InferredTrait]) -> Sequence[TandemError | None]:
        items = [
            pb.BatchUpsertTraitsRequest.Item(subject=subject_of(each.profile_id), traits=[_trait(each)])
            for each in traits
        ]
        response: pb.BatchUpsertTraitsResponse = await call(
            self._stub.BatchUpsertTraits,
            pb.BatchUpsertTraitsRequest(request_id=request_id, items=items),
            timeout_s=CALL_S,
            service=SERVICE,
        )
        return [from_status(item.error) if item.HasField("error") else None for item in response.items]


def _trait(inferred: InferredTrait) -> trait_pb2.Trait:
    return trait_pb2.Trait(
        name=inferred.trait,
        value=value_to_proto(inferred.value),
        source=trait_pb2.TRAIT_SOURCE_COMPUTED,
        observed_time=timestamp_proto(inferred.observed_ms),
    )
