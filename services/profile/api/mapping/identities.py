"""Links, merges and their history on the wire."""

from __future__ import annotations

from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import identity_graph_pb2 as pb

from services.profile.api.mapping import fields
from services.profile.app.identity_requests import (
    IdentitiesLinked,
    IssueLinkToken,
    LinkIdentities,
    LinkTokenIssued,
    MergeHistoryPage,
    MergeHistoryQuery,
    MergeProfiles,
    ProfilesMerged,
    ProfilesUnmerged,
    UnmergeProfiles,
)
from services.profile.domain.identities import identity_of
from services.profile.domain.merge_events import MergeEvent
from shared.rpc.values import timestamp_proto


def link_identities(request: pb.LinkIdentitiesRequest) -> LinkIdentities:
    return LinkIdentities(
        request_id=request.request_id,
        subject=fields.subject(request.subject),
        link_token=request.link_token,
        is_machine=request.is_machine,
        user_agent=request.user_agent,
    )


def issue_link_token(request: pb.IssueLinkTokenRequest) -> IssueLinkToken:
    return IssueLinkToken(fields.subject(request.subject), fields.time_ms(request, "expire_time", ""))


def merge_profiles(request: pb.MergeProfilesRequest) -> MergeProfiles:
    survivor, merged = fields.subject(request.survivor), fields.subject(request.merged)
    return MergeProfiles(request.request_id, survivor, merged, request.reason)


def unmerge_profiles(request: pb.UnmergeProfilesRequest) -> UnmergeProfiles:
    return UnmergeProfiles(request.request_id, request.merge_id, request.reason)


def merge_history_query(request: pb.ListMergeHistoryRequest) -> MergeHistoryQuery:
    return MergeHistoryQuery(fields.subject(request.subject), request.page_size, request.page_token)


def linked_response(answer: IdentitiesLinked) -> pb.LinkIdentitiesResponse:
    return pb.LinkIdentitiesResponse(
        profile_id=answer.profile_id,
        merged_profile_ids=answer.merged,
        consistency_token=_token(answer.token),
        advisories=answer.advisories,
    )


def issued_response(answer: LinkTokenIssued) -> pb.IssueLinkTokenResponse:
    return pb.IssueLinkTokenResponse(link_token=answer.link_token, expire_time=timestamp_proto(answer.expire_ms))


def merged_response(answer: ProfilesMerged) -> pb.MergeProfilesResponse:
    return pb.MergeProfilesResponse(
        merge_id=answer.merge_id,
        profile_id=answer.profile_id,
        merged_profile_id=answer.merged_profile_id,
        consistency_token=_token(answer.token),
    )


def unmerged_response(answer: ProfilesUnmerged) -> pb.UnmergeProfilesResponse:
    return pb.UnmergeProfilesResponse(
        profile_id=answer.profile_id,
        restored_profile_id=answer.restored_profile_id,
        consistency_token=_token(answer.token),
    )


def merge_history_response(page: MergeHistoryPage) -> pb.ListMergeHistoryResponse:
    return pb.ListMergeHistoryResponse(events=map(_merge_event, page.events), next_page_token=page.next_page_token)


def _merge_event(event: MergeEvent) -> pb.MergeEvent:
    return pb.MergeEvent(
        merge_event_id=event.merge_event_id,
        kind=int(event.kind),  # type: ignore[arg-type]
        merge_id=event.merge_id,
        profile_id=event.profile_id,
        other_profile_id=event.other_profile_id,
        event_time=timestamp_proto(event.event_ms),
        cause=event.cause,
        reason=event.reason,
        identities=map(_identity, event.identities),
    )


def _identity(key: str) -> subject_pb2.Identity:
    identity = identity_of(key)
    return subject_pb2.Identity(namespace=identity.namespace, value=identity.value)


def _token(token: str) -> subject_pb2.ConsistencyToken:
    return subject_pb2.ConsistencyToken(value=token)
