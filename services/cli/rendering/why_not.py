"""What fell, at which stage, because of which rule: actions that fell for one reason share a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from tandem.common.v1.stage_pb2 import Dropped, DropStage, FailedTest, SmallestChange, StageCount
from tandem.common.v1.value_pb2 import FeatureStatus

from services.cli.rendering.texts import money, no_change_text, observed_text, stage_name, value_text

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
        groups.setdefault((stage_name(item.stage), because(item)), []).append(_name(item))
    return groups


def because(item: Dropped) -> str:
    """`adult: needs age >= 18; it held 16; would pass if age were 18`."""
    if item.stage == DropStage.DROP_STAGE_ARBITRATION:
        # Everyone lost with a priority of their own; the candidates of the draw show it.
        return item.threshold or item.rule_id
    return f"{_failure(item)}{_remedy(item)}"


def stage_counts_text(counts: Iterable[StageCount]) -> RenderableType:
    """`dropped: ELIGIBILITY 12, CONSENT 3`."""
    texts = [f"{stage_name(count.stage)} {count.count}" for count in counts if count.count]
    return Text(f"dropped: {', '.join(texts) or 'nothing'}")


def _failure(item: Dropped) -> str:
    wants = "drops when" if item.stage == DropStage.DROP_STAGE_SUPPRESSION else "needs"
    if len(item.failed) > 1:
        failed = [f"{_condition(each)} ({held})" if (held := _held(each)) else _condition(each) for each in item.failed]
        return f"{item.rule_id}: {wants} {' and '.join(failed)}"
    condition, held = _condition(item), _held(item)
    if not condition:
        return item.rule_id
    return f"{item.rule_id}: {wants} {condition}; {held}" if held else f"{item.rule_id}: {wants} {condition}"


def _condition(item: Dropped | FailedTest) -> str:
    condition = item.threshold
    if item.attribute and item.attribute not in condition:
        condition = f"{item.attribute} {condition}".strip()
    return condition


def _held(item: Dropped | FailedTest) -> str:
    if not item.attribute:
        return ""
    is_present = item.status in (FeatureStatus.FEATURE_STATUS_PRESENT, FeatureStatus.FEATURE_STATUS_STALE)
    text = observed_text(item.observed, item.status)
    return f"it held {text}" if is_present else f"it was {text}"


def _name(item: Dropped) -> str:
    """`welcome as welcome_short on WEB (0.43 short)`: of what lost, the money it lacked to the first."""
    treatment = f" as {item.treatment}" if item.treatment else ""
    channel = f" on {item.channel}" if item.channel else ""
    margin = ""
    if item.HasField("margin"):
        margin = f" ({money(abs(item.margin))} {'short' if item.margin >= 0 else 'ahead'})"
    return f"{item.action}{treatment}{channel}{margin}"


def _remedy(item: Dropped) -> str:
    """`; would pass if age were 18 (is 16); a smaller change may exist`, or why there is no small change; nothing
    where nobody asked."""
    if not item.HasField("smallest_change"):
        return ""
    found = item.smallest_change
    if not found.changes:
        rest = "; a small change may exist" if found.smaller_not_ruled_out else ""
        return f"; {no_change_text(found.none_because)}{rest}"
    rest = "; a smaller change may exist" if found.smaller_not_ruled_out else ""
    return f"; would pass if {' and '.join(_change(each) for each in found.changes)}{rest}"


def _change(change: SmallestChange.AttributeChange) -> str:
    now = observed_text(change.observed, change.status)
    is_known = change.status == FeatureStatus.FEATURE_STATUS_PRESENT
    return f"{change.attribute} were {_needed(change)} ({f'is {now}' if is_known else now})"


def _needed(change: SmallestChange.AttributeChange) -> str:
    if not change.HasField("needed"):
        return "unknown"
    # Just beyond a threshold, rounded would be on it.
    is_double = change.needed.WhichOneof("kind") == "double_value"
    return repr(change.needed.double_value) if is_double else value_text(change.needed)


def _shortened(names: Sequence[str]) -> str:
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
