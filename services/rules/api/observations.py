"""ObserveEvents on the wire."""

from __future__ import annotations

from tandem.rules.v1 import rules_service_pb2 as pb
from tandem.rules.v1 import trigger_pb2

from services.rules.app.triggers.desk import FiringPage, ObserveEvents
from services.rules.domain.triggers.outcome import Firing, Happening
from shared.rpc.values import timestamp_ms, timestamp_proto, value_from_proto, value_to_proto


def observe_from(request: pb.ObserveEventsRequest) -> ObserveEvents:
    """Raises InvalidArgument naming the field that is no value of its type."""
    happenings = tuple(_happening(each, f"events[{index}]") for index, each in enumerate(request.events))
    return ObserveEvents(happenings, request.after_position, request.follow)


def observed_to(page: FiringPage) -> pb.ObserveEventsResponse:
    return pb.ObserveEventsResponse(fired=map(_fired, page.firings), position=page.position)


def _happening(event: pb.ObservedEvent, path: str) -> Happening:
    properties = {
        name: value_from_proto(value, f'{path}.properties["{name}"]') for name, value in event.properties.items()
    }
    event_ms = timestamp_ms(event.event_time, f"{path}.event_time")
    return Happening(event.event_id, event.profile_id, event.type, event_ms, properties)


def _fired(firing: Firing) -> trigger_pb2.FiredTrigger:
    return trigger_pb2.FiredTrigger(
        position=str(firing.number),
        firing_id=firing.firing_id,
        trigger_id=firing.trigger_id,
        rule_set_version=firing.rule_set_version,
        name=firing.name,
        profile_id=firing.profile_id,
        payload={name: value_to_proto(value) for name, value in firing.payload.items()},
        cause_event_id=firing.cause_event_id,
        fired_time=timestamp_proto(firing.fired_ms),
    )
