"""Time zones, from the IANA database that is locked with the program: every replica knows the same ones."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

UTC_ZONE = "UTC"
_MAX_KEPT = 600
"""More than there are."""


def is_time_zone(name: str) -> bool:
    """Whether the IANA database knows the name; exactly as it is written there."""
    return name in zone_names()


@lru_cache(maxsize=_MAX_KEPT)
def zone(name: str) -> ZoneInfo:
    """Raises ValueError for a name the database does not know."""
    if not is_time_zone(name):
        raise ValueError(f"{name!r} is not a time zone")
    # Not ZoneInfo(name), which prefers the files of the machine: replicas would differ.
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def zone_names() -> frozenset[str]:
    """All of them."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
