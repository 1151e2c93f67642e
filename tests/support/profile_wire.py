"""What tests of the profile service say on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import subject_pb2, value_pb2
from tandem.profile.v1 import event_pb2, profile_service_pb2, trait_pb2

from shared.errors import TandemError
from shared.rpc.channel import call_stream
from tests.support.grpc_server import Loopback

pb = profile_service_pb2
Ask = Callable[[Any], Any]
"""Sends a request to the method that it is the request of."""


async def tail(server: Loopback, **fields: Any) -> list[Any]:
    stream = call_stream(server.stream("TailEvents"), pb.TailEventsRequest(**fields), timeout_s=10)
    return [response async for response in stream]


def subject(*names: str) -> subject_pb2.Subject:
    parts = [name.split(":", 1) for name in names]
    return subject_pb2.Subject(
        identities=[subject_pb2.Identity(namespace=space, value=value) for space, value in parts]
    )


ANN = subject("crm:ann")


def text(value: str) -> value_pb2.TypedValue:
    return value_pb2.TypedValue(string_value=value)


def number(value: int) -> value_pb2.TypedValue:
    return value_pb2.TypedValue(int_value=value)


def seconds(moment: float) -> Timestamp:
    return Timestamp(seconds=int(moment))


SCHEMA = trait_pb2.TraitSchema(
    traits=[
        trait_pb2.TraitDeclaration(name="age", type=value_pb2.ATTRIBUTE_TYPE_INT, immutable=True),
        trait_pb2.TraitDeclaration(
            name="tier",
            type=value_pb2.ATTRIBUTE_TYPE_STRING,
            allowed=[text("gold"), text("silver")],
            ttl=Duration(seconds=3_600),
        ),
        trait_pb2.TraitDeclaration(name="brands", type=value_pb2.ATTRIBUTE_TYPE_STRING_LIST),
    ],
    aggregates=[
        trait_pb2.AggregateDeclaration(
            name="views_1h", event="view", measure=trait_pb2.MEASURE_COUNT, window=Duration(seconds=3_600)
        ),
        trait_pb2.AggregateDeclaration(
            name="last_item",
            event="view",
            measure=trait_pb2.MEASURE_LAST,
            property="item",
            type=value_pb2.ATTRIBUTE_TYPE_STRING,
        ),
        trait_pb2.AggregateDeclaration(
            name="rhythm", event="view", measure=trait_pb2.MEASURE_DECAYED_RATE, half_life=Duration(seconds=60)
        ),
    ],
    namespaces=[trait_pb2.NamespaceDeclaration(name="Badge", known=True)],
)


async def publish(ask: Ask) -> str:
    response = await ask(pb.PublishTraitSchemaRequest(request_id="schema", schema=SCHEMA, activate=True))
    return str(response.schema_version)


async def upsert(ask: Ask, request_id: str, *traits: trait_pb2.Trait, who: subject_pb2.Subject = ANN) -> Any:
    return await ask(pb.UpsertTraitsRequest(request_id=request_id, subject=who, traits=traits))


def trait(name: str, value: value_pb2.TypedValue, **fields: Any) -> trait_pb2.Trait:
    return trait_pb2.Trait(name=name, value=value, **fields)


def event(event_id: str, who: subject_pb2.Subject = ANN, **fields: Any) -> event_pb2.Event:
    return event_pb2.Event(**{"event_id": event_id, "subject": who, "type": "view", **fields})


async def refusal(asking: Any) -> TandemError:
    with pytest.raises(TandemError) as refused:
        await asking
    return refused.value
