"""Decisions in a list."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from tandem.orchestrator.v1.decision_list_pb2 import DecisionResult, DecisionSummary

from services.cli.rendering.texts import moment_text


def decision_list_view(decisions: Sequence[DecisionSummary]) -> RenderableType:
    if not decisions:
        return Text("no decision is like that")
    table = Table(box=None, pad_edge=False)
    for name in ("time", "decision", "profile"):
        table.add_column(name, no_wrap=True)
    table.add_column("results", overflow="fold")
    for each in decisions:
        results = "\n".join(_result(result) for result in each.results) or "not kept"
        table.add_row(moment_text(each.decision_time), each.decision_id, each.profile_id or "-", results)
    return table


def _result(result: DecisionSummary.Result) -> str:
    """`home_hero: winter_sale on WEB`, `home_hero: fallback on WEB`, `home_hero: silence`."""
    place = f"{result.placement_id}: " if result.placement_id else ""
    what = result.action or DecisionResult.Name(result.result).removeprefix("DECISION_RESULT_").lower()
    return f"{place}{what}{f' on {result.channel}' if result.channel else ''}"
