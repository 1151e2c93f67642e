"""Whatever a caller sends to any RPC, the status says whose fault it is, and the process stays up."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tandem.orchestrator.v1 import orchestrator_service_pb2
from tandem.profile.v1 import profile_service_pb2
from tandem.rules.v1 import rules_service_pb2
from tandem.scoring.v1 import scoring_service_pb2

from tests.support.random_messages import messages
from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.tandem_client import TandemClient, event, fresh, inbound, outcome, subject

EXAMPLES = int(os.environ.get("RANDOM_MESSAGES", "12"))
"""Per RPC and store."""
PROTOS = {
    "orchestrator": orchestrator_service_pb2,
    "profile": profile_service_pb2,
    "rules": rules_service_pb2,
    "scoring": scoring_service_pb2,
}
METHODS = [
    (name, method)
    for name, module in PROTOS.items()
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
CALLERS_FAULT = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}


@pytest.fixture(scope="module", params=["sqlite", "mongo"])
def target(
    request: pytest.FixtureRequest,
    storage_of: Callable[[str], AbstractContextManager[Storage]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """A server of our own: random messages publish and activate whatever they can."""
    folder: Path = tmp_path_factory.mktemp("random")
    with storage_of(request.param) as storage, deployed(Form.ONE, storage, folder) as running:
        client = TandemClient(running.addresses)
        client.publish()
        client.close()
        yield running


@pytest.fixture(scope="module")
def channel(target: Deployment) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(target.addresses["orchestrator"]) as opened:
        yield opened


@pytest.mark.parametrize(("service", "method"), METHODS, ids=lambda each: getattr(each, "name", each))
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_random_message_never_breaks_the_server(
    channel: grpc.Channel, target: Deployment, service: str, method: MethodDescriptor, data: st.DataObject
) -> None:
    request: Message = data.draw(requests(method))
    code = status_of(channel, method, request)
    assert code is grpc.StatusCode.OK or code in CALLERS_FAULT
    assert target.processes["tandem"].is_running


def test_bytes_that_are_no_message_are_refused(channel: grpc.Channel, target: Deployment) -> None:
    codes = {method.full_name: status_of(channel, method, b"\x0a\xff\xff\xff\xff\x0f") for _, method in METHODS}
    assert set(codes.values()) == {grpc.StatusCode.INVALID_ARGUMENT}
    assert target.processes["tandem"].is_running


def requests(method: MethodDescriptor) -> st.SearchStrategy[Message]:
    """Random all over, or random in a few fields of a message that makes sense."""
    anything = messages(method.input_type)
    sensible = _SENSIBLE.get(method.name)
    return anything if sensible is None else anything | anything.map(lambda message: merged(sensible(), message))


def merged(sensible: Message, random: Message) -> Message:
    sensible.MergeFrom(random)
    return sensible


_SENSIBLE: dict[str, Callable[[], Message]] = {
    "Decide": lambda: inbound("crm:random", events=[event("crm:random")]),
    "CaptureOutcomes": lambda: orchestrator_service_pb2.CaptureOutcomesRequest(
        request_id=fresh("capture"), items=[outcome("d_0.0.0")]
    ),
    "GetProfile": lambda: profile_service_pb2.GetProfileRequest(subject=subject("crm:random")),
    "RecordEvents": lambda: profile_service_pb2.RecordEventsRequest(
        request_id=fresh("events"), events=[event("crm:random")]
    ),
}


def status_of(channel: grpc.Channel, method: MethodDescriptor, request: Message | bytes) -> grpc.StatusCode:
    if isinstance(request, Message):
        if "follow" in method.input_type.fields_by_name:
            request.ClearField("follow")  # an open stream is no answer
        request = request.SerializeToString()
    call: Any = channel.unary_stream if method.server_streaming else channel.unary_unary
    try:
        answer = call(f"/{method.containing_service.full_name}/{method.name}")(request, timeout=30)
        if method.server_streaming:
            list(answer)
    except grpc.RpcError as refused:
        code: grpc.StatusCode = refused.code()
        return code
    return grpc.StatusCode.OK
