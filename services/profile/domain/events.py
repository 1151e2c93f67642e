"""Events: something a person did."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from services.profile.domain.limits import MAX_ID_LENGTH, check_event_time, check_id, check_name, check_text
from services.profile.domain.stored import StoredValue
from shared.errors import InvalidArgument

MAX_PROPERTIES = 64


class Event(msgspec.Struct, frozen=True, array_like=True):
    """One event as it is kept. A msgspec Struct, because logs are decoded by the thousand."""

    event_id: str
    type: str
    event_ms: int
    recorded_ms: int
    identities: tuple[str, ...]
    """Keys of the identities it arrived on."""
    properties: Mapping[str, StoredValue]
    profile_id: str = ""
    """The merged profile whose part it was recorded on; empty where the part was a profile of its own."""
    is_machine: bool = False


def check_event(event: Event, path: str, now_ms: int) -> None:
    """Raises InvalidArgument naming the field under `path`."""
    check_id(event.event_id, f"{path}.event_id")
    check_name(event.type, f"{path}.type")
    check_event_time(event.event_ms, f"{path}.event_time", now_ms)
    if len(event.properties) > MAX_PROPERTIES:
        raise InvalidArgument.field(f"{path}.properties", f"must be at most {MAX_PROPERTIES}")
    for name in event.properties:
        if not name:
            raise InvalidArgument.field(f"{path}.properties", "must have names that are not empty")
        check_text(name, f'{path}.properties["{name}"]', MAX_ID_LENGTH)
