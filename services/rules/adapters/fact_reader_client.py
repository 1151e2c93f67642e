"""What the profile service knows about subjects, over gRPC."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing

import grpc
from tandem.profile.v1 import profile_pb2, search_pb2
from tandem.profile.v1 import profile_service_pb2 as pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from services.rules.adapters.profile_calls_client import CALL_S, SERVICE, subject_of
from services.rules.app.trigger_ports import SubjectFacts, SubjectPage
from shared.errors import Internal, InvalidArgument, NotFound
from shared.rpc.channel import call, call_stream
from shared.rpc.errors import from_status
from shared.rpc.values import feature_from_proto, value_from_proto
from shared.values import Feature, FeatureStatus

SEARCH_S = 300.0
PAGE_S = 3.0
"""A page that takes longer is handed out as it is."""


class GrpcFactReader:
    """Implements FactReader."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]

    async def facts(self, profile_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, SubjectFacts]:
        requests = [pb.GetProfileRequest(subject=subject_of(each)) for each in profile_ids]
        response: pb.BatchGetProfilesResponse = await call(
            self._stub.BatchGetProfiles,
            pb.BatchGetProfilesRequest(requests=requests),
            timeout_s=CALL_S,
            service=SERVICE,
        )
        answers = zip(profile_ids, response.items, strict=True)
        found = {profile_id: _profile(item) for profile_id, item in answers}
        return {profile_id: _facts(profile, names) for profile_id, profile in found.items() if profile is not None}

    async def subjects_where(self, condition: str, after: str, limit: int) -> SubjectPage:
        request = search_pb2.SearchProfilesRequest(condition=condition, after_profile_id=after, page_size=limit)
        responses = call_stream(self._stub.SearchProfiles, request, timeout_s=SEARCH_S, service=SERVICE)
        found: list[str] = []
        through = ""
        enough_s = time.monotonic() + PAGE_S
        async with aclosing(responses) as pages:
            async for page in pages:
                found += (profile.profile_id for profile in page.profiles)
                through = page.through_profile_id
                if len(found) >= limit or time.monotonic() > enough_s:
                    break
        return SubjectPage(tuple(found), through)


def _profile(item: pb.BatchGetProfilesResponse.Item) -> profile_pb2.Profile | None:
    if item.HasField("result"):
        return item.result.profile
    failure = from_status(item.error)
    if isinstance(failure, (NotFound, InvalidArgument)):
        return None
    raise failure or Internal("INTERNAL", "the profile service answered neither a profile nor an error")


def _facts(profile: profile_pb2.Profile, names: Iterable[str]) -> SubjectFacts:
    return SubjectFacts(profile.profile_id, dict(_features(profile, names)), tuple(profile.merged_profile_ids))


def _features(profile: profile_pb2.Profile, names: Iterable[str]) -> Iterable[tuple[str, Feature]]:
    for name in names:
        if name in profile.traits:
            trait = profile.traits[name]
            status = FeatureStatus(trait.status)
            value = value_from_proto(trait.value, name)
            yield name, Feature(None, FeatureStatus.NULL_VALUE) if value is None else Feature(value, status)
        elif name in profile.aggregates:
            yield name, feature_from_proto(profile.aggregates[name], name)
