"""How the profile service is called from the rules service."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.common.v1 import subject_pb2, value_pb2

from shared.rpc.values import value_from_proto
from shared.values import Value

SERVICE = "profile"
CALL_S = 10.0
PROFILE_NAMESPACE = "profile"


def subject_of(profile_id: str) -> subject_pb2.Subject:
    return subject_pb2.Subject(identities=[subject_pb2.Identity(namespace=PROFILE_NAMESPACE, value=profile_id)])


def values_of(properties: Mapping[str, value_pb2.TypedValue]) -> dict[str, Value]:
    return {name: value_from_proto(value, name) for name, value in properties.items()}
