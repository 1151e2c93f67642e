"""How the profile service says no: the field is named by its path, and nothing is stored."""

from __future__ import annotations

import time
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import subject_pb2, value_pb2
from tandem.profile.v1 import consent_pb2, trait_pb2

from shared.errors import FailedPrecondition, InvalidArgument, NotFound
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


def broken(**fields: Any) -> trait_pb2.TraitSchema:
    schema = trait_pb2.TraitSchema()
    schema.CopyFrom(SCHEMA)
    schema.MergeFrom(trait_pb2.TraitSchema(**fields))
    return schema


COUNT = trait_pb2.MEASURE_COUNT
ENDLESS = value_pb2.TypedValue(double_value=float("inf"))
MIXED = value_pb2.TypedValue(list_value=value_pb2.ListValue(values=[text("a"), number(1)]))
REFUSED = {
    "no person": (pb.GetProfileRequest(subject=subject()), "subject.identities"),
    "no subject": (pb.GetProfileRequest(), "subject"),
    "foreign token": (
        pb.GetProfileRequest(subject=ANN, consistency_token=subject_pb2.ConsistencyToken(value="x")),
        "consistency_token.value",
    ),
    "impossible time": (
        pb.GetProfileRequest(subject=ANN, read_time=Timestamp(nanos=-1)),
        "read_time",
    ),
    "overlay without type": (
        pb.GetProfileRequest(subject=ANN, overlay_events=[event("e1", type="No")]),
        "overlay_events[0].type",
    ),
    "empty batch": (pb.BatchGetProfilesRequest(), "requests"),
    "large batch": (pb.BatchGetProfilesRequest(requests=[pb.GetProfileRequest(subject=ANN)] * 1_001), "requests"),
    "no traits": (pb.UpsertTraitsRequest(request_id="r", subject=ANN), "traits"),
    "no request id": (
        pb.UpsertTraitsRequest(subject=ANN, traits=[trait("age", number(1))]),
        "request_id",
    ),
    "long request id": (
        pb.UpsertTraitsRequest(request_id="r" * 129, subject=ANN, traits=[trait("age", number(1))]),
        "request_id",
    ),
    "many traits": (
        pb.UpsertTraitsRequest(request_id="r", subject=ANN, traits=[trait("age", number(1))] * 501),
        "traits",
    ),
    "unset value": (
        pb.UpsertTraitsRequest(request_id="r", subject=ANN, traits=[trait("age", value_pb2.TypedValue())]),
        "traits[0].value",
    ),
    "infinity": (
        pb.UpsertTraitsRequest(request_id="r", subject=ANN, traits=[trait("age", ENDLESS)]),
        "traits[0].value",
    ),
    "mixed list": (
        pb.UpsertTraitsRequest(request_id="r", subject=ANN, traits=[trait("brands", MIXED)]),
        "traits[0].value",
    ),
    "100 KB": (
        pb.UpsertTraitsRequest(request_id="r", subject=ANN, traits=[trait("tier", text("x" * 100_000))]),
        "traits[0].value",
    ),
    "wrong type": (
        pb.UpsertTraitsRequest(request_id="r", subject=ANN, traits=[trait("age", text("old"))]),
        "traits[0].value",
    ),
    "not allowed": (
        pb.UpsertTraitsRequest(request_id="r", subject=ANN, traits=[trait("tier", text("tin"))]),
        "traits[0].value",
    ),
    "unknown source": (
        pb.UpsertTraitsRequest(request_id="r", subject=ANN, traits=[trait("age", number(1), source=99)]),
        "traits[0].source",
    ),
    "future observation": (
        pb.UpsertTraitsRequest(
            request_id="r", subject=ANN, traits=[trait("age", number(1), observed_time=seconds(time.time() + 4_000))]
        ),
        "traits[0].observed_time",
    ),
    "no events": (pb.RecordEventsRequest(request_id="r"), "events"),
    "ancient event": (
        pb.RecordEventsRequest(request_id="r", events=[event("e1", event_time=Timestamp(seconds=-1))]),
        "events[0].event_time",
    ),
    "future event": (
        pb.RecordEventsRequest(
            request_id="r", events=[event("e1"), event("e2", event_time=seconds(time.time() + 4_000))]
        ),
        "events[1].event_time",
    ),
    "event of nobody": (
        pb.RecordEventsRequest(request_id="r", events=[event("e1", subject())]),
        "events[0].subject.identities",
    ),
    "infinite property": (
        pb.RecordEventsRequest(request_id="r", events=[event("e1", properties={"x": ENDLESS})]),
        'events[0].properties["x"]',
    ),
    "no consent status": (
        pb.SetConsentRequest(request_id="r", subject=ANN, consent=consent_pb2.Consent(purpose="x")),
        "consent.status",
    ),
    "unknown consent status": (
        pb.SetConsentRequest(request_id="r", subject=ANN, consent=consent_pb2.Consent(purpose="x", status=77)),  # type: ignore[arg-type]
        "consent.status",
    ),
    "consent that ends before it begins": (
        pb.SetConsentRequest(
            request_id="r",
            subject=ANN,
            consent=consent_pb2.Consent(
                purpose="x",
                status=consent_pb2.CONSENT_STATUS_GRANTED,
                granted_time=seconds(200),
                expire_time=seconds(100),
            ),
        ),
        "consent.expire_time",
    ),
    "negative page": (pb.ListConsentsRequest(subject=ANN, page_size=-1), "page_size"),
    "foreign page": (pb.ListConsentsRequest(subject=ANN, page_token="x"), "page_token"),
    "name taken by a trait": (
        pb.PublishTraitSchemaRequest(
            request_id="r",
            schema=broken(aggregates=[trait_pb2.AggregateDeclaration(name="age", event="view", measure=COUNT)]),
        ),
        "schema.aggregates[3].name",
    ),
    "endless window": (
        pb.PublishTraitSchemaRequest(
            request_id="r",
            schema=broken(
                aggregates=[
                    trait_pb2.AggregateDeclaration(
                        name="x", event="view", measure=COUNT, window=Duration(seconds=315_576_000_000)
                    )
                ]
            ),
        ),
        "schema.aggregates[3].window",
    ),
    "no time to live": (
        pb.PublishTraitSchemaRequest(
            request_id="r",
            schema=broken(
                traits=[trait_pb2.TraitDeclaration(name="x", type=value_pb2.ATTRIBUTE_TYPE_INT, ttl=Duration())]
            ),
        ),
        "schema.traits[3].ttl",
    ),
    "unknown type": (
        pb.PublishTraitSchemaRequest(
            request_id="r",
            schema=broken(traits=[trait_pb2.TraitDeclaration(name="x", type=55)]),  # type: ignore[arg-type]
        ),
        "schema.traits[3].type",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_wrong_is_named_by_its_path_and_nothing_is_stored(ask: Ask, server: Loopback, case: str) -> None:
    request, field = REFUSED[case]
    await publish(ask)
    error = await refusal(ask(request))
    assert isinstance(error, InvalidArgument)
    assert error.violations[0].field == field
    assert await tail(server) == []
    if "Get" not in type(request).__name__:
        assert (await refusal(ask(pb.GetProfileRequest(subject=ANN)))).reason == "PROFILE_NOT_FOUND"


async def test_a_trait_that_is_not_declared_is_unknown(ask: Ask) -> None:
    assert isinstance(await refusal(upsert(ask, "r0", trait("age", number(1)))), FailedPrecondition)
    await publish(ask)
    error = await refusal(upsert(ask, "r1", trait("loyalti_tier", text("gold"))))
    assert (error.reason, error.metadata["trait"]) == ("UNKNOWN_TRAIT", "loyalti_tier")
    assert error.violations[0].field == "traits[0].name"


async def test_who_is_not_there_is_not_found(ask: Ask) -> None:
    for request in (pb.GetProfileRequest(subject=ANN), pb.ListConsentsRequest(subject=ANN)):
        error = await refusal(ask(request))
        assert isinstance(error, NotFound)
        assert error.reason == "PROFILE_NOT_FOUND"
    await ask(pb.RecordEventsRequest(request_id="r1", events=[event("e1")]))
    error = await refusal(ask(pb.GetProfileRequest(subject=ANN, schema_version="t_nope")))
    assert (error.reason, error.metadata) == ("TRAIT_SCHEMA_NOT_FOUND", {"schema_version": "t_nope"})


@pytest.mark.parametrize("position", ["abc", "-5", "77"])
async def test_a_position_that_is_not_ours_is_refused(server: Loopback, position: str) -> None:
    error = await refusal(tail(server, after_position=position))
    assert isinstance(error, InvalidArgument)
    assert error.violations[0].field == "after_position"
