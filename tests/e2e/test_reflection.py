"""A generic client finds and calls everything through reflection, with no generated code of ours."""

from __future__ import annotations

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.support.servers import SERVICES, Deployment, Form


def test_a_generic_client_decides_through_reflection(deployment: Deployment) -> None:
    with grpc.insecure_channel(deployment.addresses["orchestrator"]) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        service = pool.FindServiceByName("tandem.orchestrator.v1.OrchestratorService")
        method = service.FindMethodByName("Decide")
        call = channel.unary_unary(
            f"/{service.full_name}/{method.name}",
            GetMessageClass(method.input_type).SerializeToString,
            GetMessageClass(method.output_type).FromString,
        )
        request = {"requestId": "by-reflection", "placements": [{"placementId": "home_hero"}]}
        answer = MessageToDict(call(ParseDict(request, GetMessageClass(method.input_type)()), timeout=30))
    (result,) = answer["placementResults"]
    assert result["propositions"]["items"][0]["action"] == "green_tea"


def test_reflection_lists_what_is_served(deployment: Deployment) -> None:
    ours = {name: f"tandem.{name}.v1.{name.capitalize()}Service" for name in SERVICES}
    for name, address in deployment.addresses.items():
        with grpc.insecure_channel(address) as channel:
            listed = set(ProtoReflectionDescriptorDatabase(channel).get_services())
        assert listed & set(ours.values()) == (set(ours.values()) if deployment.form is Form.ONE else {ours[name]})
