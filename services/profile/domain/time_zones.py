"""Time zones of persons."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from shared.errors import InvalidArgument
from shared.time_zones import UTC_ZONE, is_time_zone, zone


def zone_of(said: object, default: str = "") -> ZoneInfo:
    """The zone of a person: what the time zone trait says, else the schema's default, else UTC.

    What is no zone (a trait that was written before it became the time zone trait) says nothing.
    """
    for name in (said, default):
        if isinstance(name, str) and is_time_zone(name):
            return zone(name)
    return zone(UTC_ZONE)


def check_time_zone(name: object, path: str) -> None:
    """Raises InvalidArgument for a value that names no zone; None, "not known", is allowed."""
    if name is not None and not (isinstance(name, str) and is_time_zone(name)):
        raise InvalidArgument.field(path, f"must be a time zone of the IANA database, not {str(name)[:64]!r}")
