"""What fell, at which stage, because of which rule: actions that fell for one reason share a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from tandem.common.v1.stage_pb2 import Dropped, DropStage, StageCount
from tandem.common.v1.value_pb2 import FeatureStatus

from services.cli.rendering.texts import observed_text, stage_name

Reason = tuple[str, str]
"""Stage, and why in words."""

SHOWN_NAMES = 6


def dropped_table(dropped: Sequence[Dropped]) -> RenderableType:
    """Why not: one row per reason, in the order of the stages."""
    table = Table(title="Why not", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("stage", no_wrap=True)
    table.add_column("dropped", overflow="fold", ratio=2)
    table.add_column("because", overflow="fold", ratio=3)
    last = ""
    for (stage, because), names in group_by_reason(dropped).items():
        table.add_row("" if stage == last else stage, _shortened(names), because)
        last = stage
    return table


def group_by_reason(dropped: Iterable[Dropped]) -> Mapping[Reason, Sequence[str]]:
    """The names that fell, by reason; earlier stages first."""
    groups: dict[Reason, list[str]] = {}
    for item in sorted(dropped, key=lambda item: item.stage):
        name = f"{item.action} on {item.channel}" if item.channel else item.action
        groups.setdefault((stage_name(item.stage), because(item)), []).append(name)
    return groups


def because(item: Dropped) -> str:
    """`adult: needs age >= 18; it held 16`."""
    if item.stage == DropStage.DROP_STAGE_ARBITRATION:
        # Everyone lost with a priority of their own; the candidates of the draw show it.
        return item.threshold or item.rule_id
    condition = item.threshold
    if item.attribute and item.attribute not in condition:
        condition = f"{item.attribute} {condition}".strip()
    if not condition:
        return item.rule_id
    wants = "drops when" if item.stage == DropStage.DROP_STAGE_SUPPRESSION else "needs"
    return f"{item.rule_id}: {wants} {condition}{_held(item)}"


def stage_counts_text(counts: Iterable[StageCount]) -> RenderableType:
    """`dropped: ELIGIBILITY 12, CONSENT 3`."""
    texts = [f"{stage_name(count.stage)} {count.count}" for count in counts if count.count]
    return Text(f"dropped: {', '.join(texts) or 'nothing'}")


def _held(item: Dropped) -> str:
    if not item.attribute:
        return ""
    is_present = item.status in (FeatureStatus.FEATURE_STATUS_PRESENT, FeatureStatus.FEATURE_STATUS_STALE)
    text = observed_text(item.observed, item.status)
    return f"; it held {text}" if is_present else f"; it was {text}"


def _shortened(names: Sequence[str]) -> str:
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
