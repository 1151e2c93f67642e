"""Links, merges and their history on the wire."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from tandem.profile.v1 import event_pb2, identity_graph_pb2, rights_pb2
from tandem.profile.v1 import profile_service_pb2 as pb

from shared.errors import FailedPrecondition, InvalidArgument, NotFound
from tests.support.profile_wire import Ask, refusal, subject

KIND = identity_graph_pb2.MergeEventKind
NUMBERS = count(1)


async def see(ask: Ask, *names: str, **fields: Any) -> Any:
    number = next(NUMBERS)
    event = event_pb2.Event(event_id=f"e{number}", subject=subject(*names), type="view", **fields)
    return (await ask(pb.RecordEventsRequest(request_id=f"r{number}", events=[event]))).results[0]


async def test_a_merge_and_its_end_are_told_on_the_wire(ask: Ask) -> None:
    one, other = (await see(ask, "crm:1")).profile_id, (await see(ask, "crm:2")).profile_id
    merge = identity_graph_pb2.MergeProfilesRequest(
        request_id="m1", survivor=subject("crm:1"), merged=subject("crm:2"), reason="same birthday"
    )
    merged = await ask(merge)
    assert (merged.profile_id, merged.merged_profile_id) == (one, other)
    whole = await ask(
        pb.GetProfileRequest(subject=subject(f"profile:{other}"), consistency_token=merged.consistency_token)
    )
    assert (whole.profile.profile_id, list(whole.profile.merged_profile_ids)) == (one, [other])
    unmerge = identity_graph_pb2.UnmergeProfilesRequest(request_id="u1", merge_id=merged.merge_id, reason="twins")
    undone = await ask(unmerge)
    assert (undone.profile_id, undone.restored_profile_id) == (one, other)
    history = await ask(identity_graph_pb2.ListMergeHistoryRequest(subject=subject("crm:1"), page_size=1))
    (latest,) = history.events
    assert (latest.kind, latest.merge_id, latest.reason) == (KIND.MERGE_EVENT_KIND_UNMERGED, merged.merge_id, "twins")
    assert latest.cause == "UnmergeProfiles/u1"
    query = identity_graph_pb2.ListMergeHistoryRequest(
        subject=subject("crm:1"), page_size=1, page_token=history.next_page_token
    )
    (first,) = (await ask(query)).events
    assert [f"{each.namespace}:{each.value}" for each in first.identities] == ["crm:1", "crm:2"]


async def test_a_link_token_goes_into_a_mail_and_comes_back(ask: Ask) -> None:
    recipient = (await see(ask, "crm:1")).profile_id
    issued = await ask(identity_graph_pb2.IssueLinkTokenRequest(subject=subject("crm:1")))
    assert issued.expire_time.seconds > 0
    crawler = {"link_token": issued.link_token, "user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
    assert list((await see(ask, "cookie:a", **crawler)).advisories) == ["MACHINE_CLICK"]
    link = identity_graph_pb2.LinkIdentitiesRequest(
        request_id="l1", subject=subject("cookie:a"), link_token=issued.link_token
    )
    linked = await ask(link)
    assert (linked.profile_id, len(linked.merged_profile_ids)) == (recipient, 1)
    assert linked.consistency_token.value


@pytest.mark.parametrize(
    ("request_", "kind", "reason", "field"),
    [
        (
            identity_graph_pb2.MergeProfilesRequest(
                request_id="r", survivor=subject("crm:1"), merged=subject("cookie:1")
            ),
            InvalidArgument,
            "SELF_MERGE",
            "",
        ),
        (
            identity_graph_pb2.MergeProfilesRequest(request_id="r", survivor=subject("crm:1"), merged=subject("crm:9")),
            NotFound,
            "PROFILE_NOT_FOUND",
            "",
        ),
        (
            identity_graph_pb2.MergeProfilesRequest(
                request_id="r", survivor=subject("crm:1"), merged=subject("crm:9"), reason="x" * 257
            ),
            InvalidArgument,
            "INVALID_FIELD",
            "reason",
        ),
        (
            identity_graph_pb2.MergeProfilesRequest(request_id="r", survivor=subject("crm:1"), merged=subject(" :x")),
            InvalidArgument,
            "REQUIRED_FIELD_MISSING",
            "merged.identities[0].namespace",
        ),
        (
            identity_graph_pb2.UnmergeProfilesRequest(request_id="r", merge_id="m_1"),
            NotFound,
            "MERGE_NOT_FOUND",
            "",
        ),
        (
            identity_graph_pb2.LinkIdentitiesRequest(request_id="r", subject=subject("crm:1")),
            InvalidArgument,
            "INVALID_FIELD",
            "subject.identities",
        ),
        (
            identity_graph_pb2.LinkIdentitiesRequest(request_id="r", subject=subject("crm:1"), link_token="x.y"),
            InvalidArgument,
            "LINK_TOKEN_INVALID",
            "link_token",
        ),
        (
            identity_graph_pb2.LinkIdentitiesRequest(request_id="r", subject=subject("crm:1", "link_token:1")),
            InvalidArgument,
            "INVALID_FIELD",
            "subject.identities[1].namespace",
        ),
        (
            identity_graph_pb2.ListMergeHistoryRequest(subject=subject("crm:1"), page_token="?"),
            InvalidArgument,
            "INVALID_FIELD",
            "page_token",
        ),
        (identity_graph_pb2.IssueLinkTokenRequest(subject=subject("crm:9")), NotFound, "PROFILE_NOT_FOUND", ""),
    ],
)
async def test_what_is_wrong_is_named(
    ask: Ask, request_: object, kind: type[Exception], reason: str, field: str
) -> None:
    await see(ask, "crm:1", "cookie:1")
    error = await refusal(ask(request_))
    assert isinstance(error, kind)
    assert error.reason == reason
    assert [each.field for each in error.violations] == ([field] if field else [])


async def test_a_merge_of_an_erased_person_is_refused(ask: Ask) -> None:
    await see(ask, "crm:1")
    await see(ask, "crm:2")
    await ask(rights_pb2.EraseSubjectRequest(request_id="x1", subject=subject("crm:2")))
    error = await refusal(
        ask(identity_graph_pb2.MergeProfilesRequest(request_id="r", survivor=subject("crm:1"), merged=subject("crm:2")))
    )
    assert isinstance(error, FailedPrecondition)
    assert error.reason == "SUBJECT_ERASED"
