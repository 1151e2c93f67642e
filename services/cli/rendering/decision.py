"""A decision for people: what each placement got and why, in money, and what did not come through."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from tandem.orchestrator.v1.decision_pb2 import DecideResponse, PlacementResult, Proposition

from services.cli.rendering.texts import moment_text, money, no_action_text, percent
from services.cli.rendering.why_not import dropped_table, stage_counts_text

_HEADINGS = ("subject", "preheader", "title", "headline")
"""Parts of a content that people read before the others."""


def decision_view(response: DecideResponse) -> RenderableType:
    """The whole answer: head, placements, what else was in the draw, what fell and where."""
    parts: list[RenderableType] = [head(response), Text()]
    for result in response.placement_results:
        parts += [placement_view(result), Text()]
    if len(response.candidates) > 1:
        parts += [candidates_table(response), Text()]
    if response.dropped:
        parts.append(dropped_table(response.dropped))
    elif response.dropped_by_stage:
        parts.append(stage_counts_text(response.dropped_by_stage))
    return Group(*parts)


def head(response: DecideResponse) -> RenderableType:
    """Who, when, by which versions, how fast; advisories in the third line."""
    who = response.profile_id or "nobody known"
    took = f"{response.timing.total.ToMicroseconds() / 1000:.1f} ms"
    first = Text.assemble((f"decision {response.decision_id or '(simulated)'}", "bold"), f" for {who}")
    versions = f"{response.versions.policy}, model {response.versions.model or 'none'}"
    second = Text(f"{moment_text(response.decision_time)}, {versions}, {took}", "dim")
    notes = ["degraded"] * response.degraded + list(response.advisories)
    third = [Text(f"note: {', '.join(notes)}", "yellow")] if notes else []
    return Group(first, second, *third)


def placement_view(result: PlacementResult) -> RenderableType:
    """One slot: its propositions, its fallback, or its silence."""
    name = Text(result.placement_id or "answer", "bold cyan")
    kind = result.WhichOneof("result")
    if kind == "propositions":
        return Group(name, *(_indented(proposition_view(item), 2) for item in result.propositions.items))
    if kind == "fallback":
        fallback = result.fallback
        what = Text(f"fallback {fallback.treatment} on {fallback.channel}; {no_action_text(fallback.reason)}", "yellow")
        return Group(name, _indented(Group(what, *_content(dict(fallback.content))), 2))
    silence = result.no_action
    given_up = f"; value given up: {money(silence.expected_value)}" if silence.expected_value else ""
    what = Text(f"no action: {no_action_text(silence.reason)}{given_up}", "yellow")
    return Group(name, _indented(what, 2))


def proposition_view(item: Proposition) -> RenderableType:
    """What is proposed, its content, its money and its odds."""
    title = Text.assemble(
        f"{item.rank}. ",
        (item.action, "bold green"),
        f"  {item.treatment} on {item.channel}{f' ({item.locale})' if item.locale else ''}",
        f"  {item.issue} / {item.group}",
    )
    return Group(title, *(_indented(line, 3) for line in (*_content(dict(item.content)), *_reasoning(item))))


def candidates_table(response: DecideResponse, *, limit: int = 10) -> RenderableType:
    """The candidates of the draw, likeliest first."""
    table = Table(title="In the draw", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("placement", "action", "channel"):
        table.add_column(column, overflow="fold")
    for column in ("drawn with", "propensity", "priority"):
        table.add_column(column, justify="right")
    ranked = sorted(response.candidates, key=lambda candidate: -candidate.choice_probability)
    for item in ranked[:limit]:
        odds = (percent(item.choice_probability), percent(item.propensity), money(item.priority))
        table.add_row(item.placement_id, item.action, item.channel, *odds)
    more = len(ranked) - limit
    return Group(table, Text(f"... and {more} more", "dim")) if more > 0 else table


def money_text(item: Proposition) -> str:
    """The priority and its parts: `3.98 = 1.2 lever x 8.3 % propensity x 1 context x 40 value - 0.002 cost`."""
    return (
        f"{money(item.priority)} = {money(item.lever)} lever × {percent(item.propensity)} propensity × "
        f"{money(item.context_weight)} context × {money(item.business_value)} value − {money(item.cost)} cost"
    )


def _content(content: dict[str, str]) -> Iterator[RenderableType]:
    for part, text in sorted(content.items(), key=_reading_order):
        yield Text.assemble((f"{part}: ", "dim"), (text, "italic"))


def _reading_order(part_and_text: tuple[str, str]) -> tuple[int, str]:
    part = part_and_text[0]
    return (_HEADINGS.index(part) if part in _HEADINGS else len(_HEADINGS)), part


def _indented(view: RenderableType, columns: int) -> RenderableType:
    return Padding(view, (0, 0, 0, columns), expand=False)


def _reasoning(item: Proposition) -> Iterator[RenderableType]:
    yield Text(f"worth {money_text(item)}")
    yield Text(
        f"drawn with probability {percent(item.choice_probability)}; propensity ± {percent(item.uncertainty)} "
        f"after {item.evidence:g} responses"
    )
    if item.consent_ref:
        yield Text(f"allowed by the consent of {item.consent_ref}")
    if item.reservation_id:
        yield Text(f"reserved as {item.reservation_id}")
