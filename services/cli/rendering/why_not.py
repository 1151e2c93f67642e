"""What fell, at which stage, because of which rule: actions that fell for one reason share a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from tandem.common.v1.stage_pb2 import Dropped, StageCount

from services.cli.rendering.texts import observed_text, stage_name

Reason = tuple[str, str, str, str, str]
"""Stage, rule, attribute, what it held, what it was compared with."""


def dropped_table(dropped: Sequence[Dropped]) -> RenderableType:
    """Why not: one row per reason, in the order of the stages."""
    table = Table(title="Why not", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("stage", "rule", "read", "it held", "compared with", "dropped"):
        table.add_column(column, overflow="fold")
    for (stage, rule, attribute, held, threshold), names in group_by_reason(dropped).items():
        fallen = f"{len(names)}: {_shortened(names)}" if len(names) > 1 else names[0]
        table.add_row(stage, rule, attribute, held, threshold, fallen)
    return table


def group_by_reason(dropped: Iterable[Dropped]) -> Mapping[Reason, Sequence[str]]:
    """The names that fell, by reason; earlier stages first."""
    groups: dict[Reason, list[str]] = {}
    for item in sorted(dropped, key=lambda item: item.stage):
        held = observed_text(item.observed, item.status) if item.attribute else ""
        reason = (stage_name(item.stage), item.rule_id, item.attribute, held, item.threshold)
        groups.setdefault(reason, []).append(f"{item.action}@{item.channel}" if item.channel else item.action)
    return groups


def stage_counts_text(counts: Iterable[StageCount]) -> RenderableType:
    """`dropped: ELIGIBILITY 12, CONSENT 3`, or nothing when nothing fell."""
    texts = [f"{stage_name(count.stage)} {count.count}" for count in counts if count.count]
    return Text(f"dropped: {', '.join(texts)}") if texts else Text("dropped: nothing")


def _shortened(names: Sequence[str], limit: int = 4) -> str:
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f", … and {more} more" if more > 0 else "")
