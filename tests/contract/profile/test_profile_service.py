"""Every RPC of the profile service over a real channel: what it answers."""

from __future__ import annotations

import time

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import subject_pb2, value_pb2
from tandem.profile.v1 import consent_pb2, trait_pb2

from shared.errors import AlreadyExists
from shared.rpc.channel import call_stream
from shared.rpc.errors import from_status
from tests.support.grpc_server import Loopback
from tests.support.profile_wire import (
    ANN,
    SCHEMA,
    Ask,
    event,
    number,
    pb,
    publish,
    refusal,
    seconds,
    subject,
    tail,
    text,
    trait,
    upsert,
)


async def test_a_profile_comes_back_with_all_that_was_said_of_it(ask: Ask) -> None:
    version = await publish(ask)
    began = time.time()
    brands = value_pb2.TypedValue(list_value=value_pb2.ListValue(values=[text("a"), text("b")]))
    written = await upsert(
        ask,
        "r1",
        trait("age", number(30), source=trait_pb2.TRAIT_SOURCE_IMPLICIT, observed_time=seconds(began - 10)),
        trait("tier", text("gold"), observed_time=seconds(began - 7_200)),
        trait("brands", brands),
    )
    recorded = await ask(
        pb.RecordEventsRequest(
            request_id="r2",
            events=[event("e1", subject("CRM: ann", "badge:7"), properties={"item": text("hat")}), event("e2")],
        )
    )
    assert {result.profile_id for result in recorded.results} == {written.profile_id}
    response = await ask(pb.GetProfileRequest(subject=ANN, consistency_token=recorded.consistency_token))
    profile = response.profile
    assert (profile.profile_id, profile.known) == (written.profile_id, True)
    assert [(each.namespace, each.value) for each in profile.identities] == [("crm", "ann"), ("badge", "7")]
    assert began - 1 < profile.create_time.seconds <= profile.update_time.seconds <= time.time()
    assert set(profile.traits) == {"age", "tier", "brands"}
    age, tier = profile.traits["age"], profile.traits["tier"]
    assert (age.name, age.value.int_value, age.source) == ("age", 30, trait_pb2.TRAIT_SOURCE_IMPLICIT)
    assert (age.observed_time, age.status) == (seconds(began - 10), value_pb2.FEATURE_STATUS_PRESENT)
    assert (tier.value.string_value, tier.status) == ("gold", value_pb2.FEATURE_STATUS_STALE)
    assert tier.source == trait_pb2.TRAIT_SOURCE_EXPLICIT
    assert profile.traits["brands"].value == brands
    assert profile.aggregates["views_1h"].value.int_value == 2
    assert profile.aggregates["last_item"].value.string_value == "hat"
    assert profile.aggregates["rhythm"].value.double_value > 0
    assert dict(profile.feature_statuses) == {
        "age": value_pb2.FEATURE_STATUS_PRESENT,
        "tier": value_pb2.FEATURE_STATUS_STALE,
        "brands": value_pb2.FEATURE_STATUS_PRESENT,
        "views_1h": value_pb2.FEATURE_STATUS_PRESENT,
        "last_item": value_pb2.FEATURE_STATUS_PRESENT,
        "rhythm": value_pb2.FEATURE_STATUS_PRESENT,
    }
    same = await ask(
        pb.GetProfileRequest(subject=ANN, schema_version=version, consistency_token=response.consistency_token)
    )
    assert same.profile.traits == profile.traits


async def test_null_is_known_to_be_none_and_not_the_same_as_never_observed(ask: Ask) -> None:
    await publish(ask)
    await upsert(ask, "r1", trait("age", value_pb2.TypedValue(null_value="NULL_VALUE")))
    profile = (await ask(pb.GetProfileRequest(subject=ANN))).profile
    assert profile.traits["age"].status == value_pb2.FEATURE_STATUS_NULL_VALUE
    assert profile.feature_statuses["age"] == value_pb2.FEATURE_STATUS_NULL_VALUE
    assert profile.feature_statuses["tier"] == value_pb2.FEATURE_STATUS_NOT_FOUND
    assert profile.aggregates["last_item"].status == value_pb2.FEATURE_STATUS_NOT_FOUND
    assert not profile.aggregates["last_item"].HasField("value")


async def test_overlay_events_and_a_reading_time_change_the_answer(ask: Ask) -> None:
    await publish(ask)
    await ask(pb.RecordEventsRequest(request_id="r1", events=[event("e1", event_time=seconds(time.time() - 60))]))
    request = pb.GetProfileRequest(subject=ANN, overlay_events=[event("e2"), event("e3")])
    assert (await ask(request)).profile.aggregates["views_1h"].value.int_value == 3
    request = pb.GetProfileRequest(subject=ANN, read_time=seconds(time.time() - 120))
    assert (await ask(request)).profile.aggregates["views_1h"].value.int_value == 0
    request = pb.GetProfileRequest(subject=ANN, read_time=seconds(time.time() + 7_200))
    assert (await ask(request)).profile.aggregates["views_1h"].value.int_value == 0


async def test_a_batch_answers_each_item_with_a_result_or_an_error(ask: Ask) -> None:
    await publish(ask)
    await upsert(ask, "r1", trait("age", number(30)))
    response = await ask(
        pb.BatchGetProfilesRequest(
            requests=[
                pb.GetProfileRequest(subject=subject("crm:bob")),
                pb.GetProfileRequest(subject=ANN, read_time=Timestamp(seconds=-(10**15))),
                pb.GetProfileRequest(subject=ANN),
            ]
        )
    )
    missing, wrong, found = response.items
    assert [from_status(item.error).reason for item in (missing, wrong)] == ["PROFILE_NOT_FOUND", "INVALID_FIELD"]  # type: ignore[union-attr]
    assert found.result.profile.traits["age"].value.int_value == 30


async def test_an_event_sent_again_is_a_duplicate_and_the_tail_has_it_once(ask: Ask, server: Loopback) -> None:
    first = await ask(pb.RecordEventsRequest(request_id="r1", events=[event("e1", properties={"n": number(1)})]))
    again = await ask(pb.RecordEventsRequest(request_id="r2", events=[event("e1"), event("e2")]))
    assert [result.duplicate for result in again.results] == [True, False]
    (response,) = await tail(server)
    assert [each.event.event_id for each in response.events] == ["e1", "e2"]
    recorded = response.events[0]
    assert recorded.profile_id == first.results[0].profile_id
    assert recorded.event.subject == ANN
    assert recorded.event.properties["n"].int_value == 1
    assert recorded.recorded_time.seconds >= recorded.event.event_time.seconds > 0
    assert await tail(server, after_position=response.position) == []
    (rest,) = await tail(server, after_position=recorded.position)
    assert [each.event.event_id for each in rest.events] == ["e2"]


async def test_large_events_come_in_messages_of_bounded_size(ask: Ask, server: Loopback) -> None:
    held = {f"p{index}": text("x" * 60_000) for index in range(8)}
    for index in range(6):
        await ask(pb.RecordEventsRequest(request_id=f"r{index}", events=[event(f"e{index}", properties=held)]))
    responses = await tail(server)
    assert [len(response.events) for response in responses] == [2, 2, 2]
    assert responses[-1].position == responses[-1].events[-1].position


async def test_who_follows_gets_events_as_they_come(ask: Ask, server: Loopback) -> None:
    request = pb.TailEventsRequest(follow=True, types=["view"])
    stream = call_stream(server.stream("TailEvents"), request, timeout_s=10)
    for index in range(3):
        await ask(pb.RecordEventsRequest(request_id=f"r{index}", events=[event(f"e{index}")]))
        response = await anext(stream)
        assert [each.event.event_id for each in response.events] == [f"e{index}"]
    await stream.aclose()


async def test_a_consent_is_set_listed_and_part_of_the_profile(ask: Ask) -> None:
    given = consent_pb2.Consent(
        purpose="marketing",
        channel="email",
        status=consent_pb2.CONSENT_STATUS_GRANTED,
        jurisdiction="fr",
        collection_point="newsletter_form",
        policy_version="2026-01",
        expire_time=seconds(time.time() + 1_000),
        proof="double opt-in 7",
    )
    answer = await ask(pb.SetConsentRequest(request_id="r1", subject=ANN, consent=given))
    stored = answer.consent
    assert stored.identity == subject_pb2.Identity(namespace="crm", value="ann")
    assert (stored.purpose, stored.channel, stored.jurisdiction) == ("MARKETING", "EMAIL", "FR")
    assert stored.legal_basis == consent_pb2.LEGAL_BASIS_CONSENT
    assert stored.granted_time.seconds == pytest.approx(time.time(), abs=5)
    assert (stored.expire_time, stored.proof) == (given.expire_time, given.proof)
    withdrawn = consent_pb2.Consent(purpose="MARKETING", channel="EMAIL", status=consent_pb2.CONSENT_STATUS_REVOKED)
    latest = (await ask(pb.SetConsentRequest(request_id="r2", subject=ANN, consent=withdrawn))).consent
    assert list((await ask(pb.GetProfileRequest(subject=ANN))).profile.consents) == [latest]
    assert list((await ask(pb.ListConsentsRequest(subject=ANN))).consents) == [latest]
    first = await ask(pb.ListConsentsRequest(subject=ANN, include_history=True, page_size=1))
    second = await ask(
        pb.ListConsentsRequest(subject=ANN, include_history=True, page_size=1, page_token=first.next_page_token)
    )
    assert [*first.consents, *second.consents] == [latest, stored]
    assert second.next_page_token == ""


async def test_a_schema_has_the_hash_of_its_content_as_its_version(ask: Ask) -> None:
    version = await publish(ask)
    again = await ask(pb.PublishTraitSchemaRequest(request_id="another", schema=SCHEMA))
    assert again.schema_version == version


async def test_a_request_sent_again_is_answered_the_same_and_with_another_body_refused(ask: Ask) -> None:
    await publish(ask)
    first = await upsert(ask, "r1", trait("age", number(30)))
    again = await upsert(ask, "r1", trait("age", number(30)))
    again.consistency_token.CopyFrom(first.consistency_token)  # which is always the latest one
    assert again == first
    error = await refusal(upsert(ask, "r1", trait("age", number(31))))
    assert isinstance(error, AlreadyExists)
    assert error.reason == "REQUEST_ID_REUSED"


async def test_two_profiles_of_one_map_are_told_by_an_advisory(ask: Ask) -> None:
    await ask(pb.RecordEventsRequest(request_id="r1", events=[event("e1"), event("e2", subject("email:a@b.c"))]))
    response = await ask(pb.GetProfileRequest(subject=subject("email:a@b.c", "crm:ann")))
    assert list(response.advisories) == ["IDENTITY_CONFLICT"]
    assert response.profile.known
