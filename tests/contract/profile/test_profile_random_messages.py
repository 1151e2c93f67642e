"""Whatever comes in, the profile service answers or says what is wrong with it; it never fails."""

from __future__ import annotations

from collections.abc import Awaitable
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    TandemError,
)
from shared.rpc.values import value_from_proto, value_to_proto
from tests.support.grpc_server import Loopback
from tests.support.profile_wire import ANN, Ask, event, pb, publish, tail, trait, upsert
from tests.support.random_messages import messages

METHODS: Any = pb.DESCRIPTOR.services_by_name["ProfileService"].methods
METHODS_BY_NAME: Any = {method.name: method for method in METHODS}


FEW = settings(max_examples=40, suppress_health_check=list(HealthCheck))
fresh = (f"fresh-{index}" for index in count())


async def refusal_of(asking: Awaitable[Any]) -> TandemError | None:
    try:
        await asking
    except TandemError as refused:
        return refused
    return None


def is_explained(refused: TandemError | None) -> bool:
    """Nothing went wrong, or the caller did something wrong and is told what."""
    if isinstance(refused, InvalidArgument):
        return bool(refused.violations)
    return refused is None or isinstance(refused, NotFound | AlreadyExists | FailedPrecondition)


@pytest.mark.parametrize("method", [method for method in METHODS if not method.server_streaming], ids=lambda m: m.name)
@FEW
@given(st.data())
async def test_a_random_request_is_answered_or_refused_with_a_reason(
    ask: Ask, method: Any, data: st.DataObject
) -> None:
    await publish(ask)
    assert is_explained(await refusal_of(ask(data.draw(messages(method.input_type)))))


@FEW
@given(st.data())
async def test_a_random_tail_is_answered_or_refused(server: Loopback, data: st.DataObject) -> None:
    request = data.draw(messages(METHODS_BY_NAME["TailEvents"].input_type))
    asking = tail(server, after_position=request.after_position, types=request.types)
    assert is_explained(await refusal_of(asking))


@FEW
@given(messages(METHODS_BY_NAME["UpsertTraits"].input_type.fields_by_name["traits"].message_type))
async def test_a_random_trait_that_is_accepted_can_be_read(ask: Ask, random: Any) -> None:
    await publish(ask)
    written = trait("brands", random.value)
    refused = await refusal_of(upsert(ask, next(fresh), written))
    assert is_explained(refused)
    if refused is None:
        profile = (await ask(pb.GetProfileRequest(subject=ANN))).profile
        assert profile.traits["brands"].value == value_to_proto(value_from_proto(written.value, "value"))


@FEW
@given(messages(METHODS_BY_NAME["RecordEvents"].input_type.fields_by_name["events"].message_type))
async def test_a_random_event_that_is_accepted_is_in_the_tail(ask: Ask, server: Loopback, random: Any) -> None:
    sent = event(next(fresh), properties=random.properties)
    refused = await refusal_of(ask(pb.RecordEventsRequest(request_id=next(fresh), events=[sent])))
    assert is_explained(refused)
    if refused is None:
        (*_, last) = await tail(server)
        assert set(last.events[-1].event.properties) == set(random.properties)
