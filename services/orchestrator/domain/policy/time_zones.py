"""Names of time zones, by the IANA database that is locked with the program."""

from __future__ import annotations

from services.orchestrator.domain.policy.findings import Refused, suggestion
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.scalars import text
from shared.time_zones import is_time_zone, zone_names


def time_zone(node: Node) -> str:
    """A name such as Europe/Paris."""
    name = text(node)
    if is_time_zone(name):
        return name
    hint = suggestion(name, sorted(zone_names()))
    raise Refused(node.place, f"{name[:80]!r} is no time zone such as Europe/Paris{hint}", code="UNKNOWN_TIME_ZONE")
