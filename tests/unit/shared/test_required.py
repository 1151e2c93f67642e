"""REQUIRED at every depth: lists, maps, nested and recursive messages."""

from __future__ import annotations

from typing import Any

import pytest
from google.api import field_behavior_pb2  # type: ignore[import-untyped]
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from google.protobuf.message_factory import GetMessageClass
from tandem.profile.v1 import event_pb2, profile_service_pb2
from tandem.rules.v1 import rules_service_pb2

from shared.errors import InvalidArgument
from shared.rpc.context import CallContext
from shared.rpc.interceptors.required import MAX_VIOLATIONS, require_fields

CONTEXT = CallContext("r", "/x.Y/Z", None, {})
# A recursive message with every kind of field that can be required.
FILE = """
name: "required_test.proto" package: "required_test" syntax: "proto3"
dependency: "google/api/field_behavior.proto"
enum_type {
  name: "Colour"
  value { name: "COLOUR_UNSPECIFIED" number: 0 } value { name: "COLOUR_RED" number: 1 }
}
message_type {
  name: "Node"
  field { name: "name" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING
    options { [google.api.field_behavior]: REQUIRED } }
  field { name: "colour" number: 2 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".required_test.Colour"
    options { [google.api.field_behavior]: REQUIRED } }
  field { name: "tags" number: 3 label: LABEL_REPEATED type: TYPE_STRING
    options { [google.api.field_behavior]: REQUIRED } }
  field { name: "count" number: 4 label: LABEL_OPTIONAL type: TYPE_INT64
    options { [google.api.field_behavior]: REQUIRED } }
  field { name: "limit" number: 5 label: LABEL_OPTIONAL type: TYPE_INT64 proto3_optional: true oneof_index: 0
    options { [google.api.field_behavior]: REQUIRED } }
  field { name: "child" number: 6 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".required_test.Node" }
  field { name: "children" number: 7 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".required_test.Node" }
  field { name: "by_name" number: 8 label: LABEL_REPEATED type: TYPE_MESSAGE
    type_name: ".required_test.Node.ByNameEntry" }
  oneof_decl { name: "_limit" }
  nested_type {
    name: "ByNameEntry" options { map_entry: true }
    field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
    field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".required_test.Node" }
  }
}
"""


def node_type() -> Any:
    assert field_behavior_pb2.DESCRIPTOR.name == "google/api/field_behavior.proto"
    file = text_format.Parse(FILE, descriptor_pb2.FileDescriptorProto())
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName("required_test.Node"))


Node = node_type()
WHOLE: dict[str, Any] = {"name": "n", "colour": 1, "tags": ["t"], "limit": 0}


async def missing(message: Any) -> list[str]:
    async def accept(request: Any, _context: CallContext) -> Any:
        return request

    check = require_fields(message.DESCRIPTOR)
    try:
        assert await check(message, CONTEXT, accept) is message
    except InvalidArgument as failure:
        refusal = failure
    else:
        return []
    assert refusal.reason == "REQUIRED_FIELD_MISSING"
    assert refusal.metadata["field"] == refusal.violations[0].field
    return [violation.field for violation in refusal.violations]


async def test_whole_message_passes() -> None:
    assert await missing(Node(**WHOLE)) == []


@pytest.mark.parametrize("name", ["name", "colour", "tags", "limit"])
async def test_each_kind_of_missing_field_is_named(name: str) -> None:
    message = Node(**WHOLE)
    message.ClearField(name)
    assert await missing(message) == [name]


async def test_number_without_presence_is_never_missing() -> None:
    assert await missing(Node(**WHOLE, count=0)) == []


async def test_optional_number_may_be_zero_but_not_absent() -> None:
    assert await missing(Node(**WHOLE | {"limit": 0})) == []
    assert await missing(Node(name="n", colour=1, tags=["t"])) == ["limit"]


async def test_path_leads_through_messages_lists_and_maps() -> None:
    broken = Node(**WHOLE | {"name": ""})
    message = Node(
        **WHOLE,
        child=Node(**WHOLE, children=[Node(**WHOLE), broken]),
        by_name={"a": Node(**WHOLE, child=broken)},
    )
    assert await missing(message) == ["child.children[1].name", 'by_name["a"].child.name']


async def test_no_more_violations_are_listed_than_the_bound() -> None:
    message = Node(**WHOLE, children=[Node() for _ in range(1000)])
    assert len(await missing(message)) == MAX_VIOLATIONS


async def test_required_message_must_be_set_though_it_may_be_empty() -> None:
    request = profile_service_pb2.GetProfileRequest()
    assert "subject" in await missing(request)
    request.subject.SetInParent()
    assert "subject" not in await missing(request)


async def test_event_without_identity_value_is_named_by_its_index() -> None:
    request = profile_service_pb2.RecordEventsRequest(request_id="r", events=[event_pb2.Event()])
    identity = request.events[0].subject.identities.add()
    identity.namespace = "crm"
    assert "events[0].subject.identities[0].value" in await missing(request)


async def test_message_that_requires_nothing_costs_no_walk() -> None:
    response = rules_service_pb2.EvaluateEngagementPolicyResponse(eligible_actions=["a"])
    assert await missing(response) == []
