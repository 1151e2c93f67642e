"""Names of time zones, by the IANA database that is locked with the program."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from services.orchestrator.domain.policy.findings import Refused, suggestion
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.scalars import text


def time_zone(node: Node) -> str:
    """A name such as Europe/Paris."""
    name = text(node)
    if name in _names():
        return name
    hint = suggestion(name, sorted(_names()))
    raise Refused(node.place, f"{name[:80]!r} is no time zone such as Europe/Paris{hint}", code="UNKNOWN_TIME_ZONE")


@cache
def _names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
