"""Identities and the events that travel in a request, both ways."""

from __future__ import annotations

from collections.abc import Iterable

from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import event_pb2

from services.orchestrator.api.mapping import fields
from services.orchestrator.app.ports import Identity, SubjectEvent
from shared.rpc.values import value_from_proto, value_to_proto


def identities_from(subject: subject_pb2.Subject) -> tuple[Identity, ...]:
    return tuple(Identity(each.namespace, each.value, each.primary) for each in subject.identities)


def subject_to(identities: Iterable[Identity]) -> subject_pb2.Subject:
    return subject_pb2.Subject(
        identities=[
            subject_pb2.Identity(namespace=each.namespace, value=each.value, primary=each.primary)
            for each in identities
        ]
    )


def event_from(event: event_pb2.Event, path: str) -> SubjectEvent:
    return SubjectEvent(
        event_id=event.event_id,
        identities=identities_from(event.subject),
        type=event.type,
        event_time_ms=fields.time_ms(event, "event_time", f"{path}."),
        properties={
            name: value_from_proto(value, f'{path}.properties["{name}"]') for name, value in event.properties.items()
        },
    )


def event_to(event: SubjectEvent) -> event_pb2.Event:
    return event_pb2.Event(
        event_id=event.event_id,
        subject=subject_to(event.identities),
        type=event.type,
        event_time=fields.time_proto(event.event_time_ms),
        properties={name: value_to_proto(value) for name, value in event.properties.items()},
    )
