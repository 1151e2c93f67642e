"""Time zones of persons, from the IANA database that is locked with the program: every replica knows the same ones."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from shared.errors import InvalidArgument

UTC_ZONE = "UTC"
_MAX_KEPT = 600
"""More than there are."""


def is_time_zone(name: str) -> bool:
    """Whether the IANA database knows the name; exactly as it is written there."""
    return name in _names()


@lru_cache(maxsize=_MAX_KEPT)
def zone(name: str) -> ZoneInfo:
    """Raises ValueError for a name the database does not know."""
    if not is_time_zone(name):
        raise ValueError(f"{name!r} is not a time zone")
    # Not ZoneInfo(name), which prefers the files of the machine: replicas would differ.
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


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


@cache
def _names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
