"""SearchProfiles and BatchUpsertTraits on a real channel."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from tandem.common.v1 import value_pb2
from tandem.profile.v1 import profile_service_pb2, search_pb2

from shared.errors import InvalidArgument
from shared.rpc.channel import call_stream
from tests.support.grpc_server import Loopback
from tests.support.profile_wire import ANN, Ask, number, publish, refusal, subject, text, trait

pb = profile_service_pb2


async def search(server: Loopback, condition: str, **fields: Any) -> list[Any]:
    request = search_pb2.SearchProfilesRequest(condition=condition, **fields)
    return [each async for each in call_stream(server.stream("SearchProfiles"), request, timeout_s=10)]


def entry(who: str, **traits: Any) -> pb.BatchUpsertTraitsRequest.Item:
    return pb.BatchUpsertTraitsRequest.Item(
        subject=subject(who), traits=[trait(name, value) for name, value in traits.items()]
    )


async def test_what_a_batch_writes_a_search_finds_in_order_and_whole(server: Loopback, ask: Ask) -> None:
    await publish(ask)
    items = [entry(f"crm:p{i}", age=number(i), tier=text("gold")) for i in range(5)]
    answer = await ask(pb.BatchUpsertTraitsRequest(request_id="r", items=[*items, entry("crm:x", size=number(1))]))
    assert [item.WhichOneof("outcome") for item in answer.items] == ["result"] * 5 + ["error"]
    assert answer.consistency_token.value
    (found,) = await search(server, 'tier == "gold" && age >= 2')
    ids = [profile.profile_id for profile in found.profiles]
    assert ids == sorted(answer.items[i].result.profile_id for i in (2, 3, 4))
    assert {profile.traits["tier"].value.string_value for profile in found.profiles} == {"gold"}
    assert found.profiles[0].aggregates["views_1h"].value.int_value == 0
    assert (found.examined_count, found.next_page_token) == (5, "")


async def test_pages_go_on_where_they_ended(server: Loopback, ask: Ask) -> None:
    await publish(ask)
    items = [entry(f"crm:p{i}", age=number(i)) for i in range(5)]
    await ask(pb.BatchUpsertTraitsRequest(request_id="r", items=items))
    ids, token = [], ""
    for count in (2, 2, 1):
        (page,) = await search(server, "age >= 0", page_size=2, page_token=token)
        assert len(page.profiles) == count
        ids += [profile.profile_id for profile in page.profiles]
        token = page.next_page_token
    assert ids == sorted(set(ids))
    assert token == ""


async def test_malformed_item_is_named_and_refuses_the_call(ask: Ask) -> None:
    await publish(ask)
    request = pb.BatchUpsertTraitsRequest(request_id="r", items=[entry("crm:a", age=number(1)), entry("crm:b")])
    error = await refusal(ask(request))
    assert [violation.field for violation in error.violations] == ["items[1].traits"]
    with pytest.raises(Exception, match="no profile holds"):
        await ask(pb.GetProfileRequest(subject=subject("crm:a")))


async def test_wrong_condition_is_refused_with_its_place(server: Loopback, ask: Ask) -> None:
    await publish(ask)
    await ask(pb.UpsertTraitsRequest(request_id="t", subject=ANN, traits=[trait("age", number(3))]))
    with pytest.raises(InvalidArgument) as refused:
        await search(server, "age >\n  tear")
    assert refused.value.violations[0].field == "condition"
    assert "2:3: UNKNOWN_ATTRIBUTE" in refused.value.message


async def test_profiles_that_one_answer_cannot_hold_are_told_apart(ask: Ask) -> None:
    await publish(ask)
    brands = value_pb2.TypedValue(list_value=value_pb2.ListValue(values=[text("b" * 60_000)]))
    await ask(pb.UpsertTraitsRequest(request_id="t", subject=ANN, traits=[trait("brands", brands)]))
    answer = await ask(pb.BatchGetProfilesRequest(requests=[pb.GetProfileRequest(subject=ANN)] * 400))
    kinds = [item.WhichOneof("outcome") for item in answer.items]
    fitting = kinds.count("result")
    assert 200 < fitting < 280
    assert kinds == ["result"] * fitting + ["error"] * (400 - fitting)
    assert {item.error.code for item in answer.items[fitting:]} == {grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]}
    assert answer.ByteSize() < 17 * 2**20


@pytest.mark.parametrize("field", ["read_time", "earliest_read_time"])
async def test_a_moment_without_dates_around_it_is_refused(field: str, ask: Ask) -> None:
    await publish(ask)
    await ask(pb.UpsertTraitsRequest(request_id="t", subject=ANN, traits=[trait("age", number(3))]))
    query = pb.GetProfileRequest(subject=ANN)
    getattr(query, field).FromSeconds(253_402_300_799)
    error = await refusal(ask(query))
    assert [violation.field for violation in error.violations] == [field]
    batch = await ask(pb.BatchGetProfilesRequest(requests=[query, pb.GetProfileRequest(subject=ANN)]))
    assert [item.WhichOneof("outcome") for item in batch.items] == ["error", "result"]
