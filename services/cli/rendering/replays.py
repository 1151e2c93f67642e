"""Decisions made again, and how they came out."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

SHOWN = 20
"""Decisions of a kind; --json has all of them."""


def replays_view(document: dict[str, Any]) -> RenderableType:
    differing, failed = document["differing"], document["failed"]
    lines = [f"replayed {document['replayed']}: {document['identical']} identical, {len(differing)} differing"]
    lines += [f"  {each['decision_id']} differs in {', '.join(each['fields'])}" for each in differing[:SHOWN]]
    if failed:
        lines.append(f"not replayed {len(failed)}:")
        lines += [f"  {each['decision_id']} {each['reason']}: {each['message']}" for each in failed[:SHOWN]]
    rescored = document.get("rescored")
    if rescored is not None:
        off = rescored["out_of_tolerance"]
        lines.append(
            f"rescored {rescored['scores']} candidates of {rescored['decisions']} decisions: "
            f"greatest difference {rescored['greatest_difference']:.1e}, {len(off)} decisions beyond 1e-9"
        )
        lines += [f"  {decision_id}" for decision_id in off[:SHOWN]]
    return Group(*(Text(line) for line in lines))
