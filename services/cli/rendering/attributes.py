"""What a decision knew of the person when it decided."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from tandem.common.v1.value_pb2 import FeatureStatus
from tandem.orchestrator.v1.orchestrator_service_pb2 import ExplainDecisionResponse

from services.cli.rendering.texts import observed_text


def attributes_view(explanation: ExplainDecisionResponse) -> RenderableType:
    """The attributes that held something, the number of those that did not, and the segments."""
    table = Table(title="It knew", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("attribute")
    table.add_column("value", overflow="fold")
    known = {
        name: feature
        for name, feature in sorted(explanation.attributes.items())
        if feature.status != FeatureStatus.FEATURE_STATUS_NOT_FOUND
    }
    for name, feature in known.items():
        table.add_row(name, observed_text(feature.value, feature.status))
    unknown = len(explanation.attributes) - len(known)
    notes = [f"{unknown} other attributes were never observed"] * bool(unknown)
    notes.append(f"segments: {', '.join(explanation.segments) or 'none'}")
    shown = table if known else Text("It knew nothing of this person", "bold")
    return Group(Text(), shown, Text("; ".join(notes), "dim"))
