"""A decision for people: what each placement got and why, in money, and what did not come through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from tandem.orchestrator.v1.decision_pb2 import DecideResponse, PlacementResult, Proposition
from tandem.orchestrator.v1.marginal_pb2 import SlotMarginals

from services.cli.rendering.texts import moment_text, money, no_action_text, percent
from services.cli.rendering.why_not import dropped_table, stage_counts_text

_HEADINGS = ("subject", "preheader", "title", "headline")
"""Parts of a content that people read before the others."""
_SHOWN_SLOTS = 4


def decision_view(response: DecideResponse, marginals: Sequence[SlotMarginals] = ()) -> RenderableType:
    """The whole answer: head, placements, what else was in the draw, what fell and where. `marginals` of its slots."""
    parts: list[RenderableType] = [head(response), Text()]
    for result in response.placement_results:
        parts += [placement_view(result), Text()]
    if len(response.candidates) > 1:
        parts += [candidates_table(response, marginals), Text()]
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


def candidates_table(
    response: DecideResponse, marginals: Sequence[SlotMarginals] = (), *, limit: int = 10
) -> RenderableType:
    """The candidates of the draw, likeliest first; and for each slot of theirs how likely they fill it, whatever filled
    the slots before."""
    table = Table(title="In the draw", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("placement", "action", "channel"):
        table.add_column(column, overflow="fold")
    is_pressed = any(item.pressure_cost for item in response.candidates)
    pressure = ["pressure"] * is_pressed
    for column in ("drawn with", *["slot by slot"] * bool(marginals), "propensity", *pressure, "priority"):
        table.add_column(column, justify="right")
    shares = _slot_by_slot(response, marginals)
    ranked = sorted(zip(response.candidates, shares, strict=True), key=lambda each: -each[0].choice_probability)
    for item, share in ranked[:limit]:
        odds = (percent(item.choice_probability), *[share] * bool(marginals), percent(item.propensity))
        worth = (*[money(item.pressure_cost)] * is_pressed, money(item.priority))
        table.add_row(item.placement_id, item.action, item.channel, *odds, *worth)
    more = len(ranked) - limit
    notes = [f"... and {more} more"] if more > 0 else []
    if marginals:
        error = max(each.error for each in marginals)
        notes.append(f"slot by slot: whatever filled the slots before, to within {percent(max(error, 1e-4))}")
    return Group(table, *(Text(note, "dim") for note in notes)) if notes else table


def _slot_by_slot(response: DecideResponse, marginals: Sequence[SlotMarginals]) -> list[str]:
    """Of each candidate: `41 % / 22 % / 13 %`."""
    by_placement: dict[str, list[SlotMarginals]] = defaultdict(list)
    for each in marginals:
        by_placement[each.placement_id].append(each)
    seen: dict[str, int] = defaultdict(int)
    texts = []
    for candidate in response.candidates:
        slots, index = by_placement[candidate.placement_id], seen[candidate.placement_id]
        seen[candidate.placement_id] += 1
        shares = [percent(round(slot.candidate_probabilities[index], 6)) for slot in slots[:_SHOWN_SLOTS]]
        texts.append(" / ".join([*shares, *["..."] * (len(slots) > _SHOWN_SLOTS)]))
    return texts


def money_text(item: Proposition) -> str:
    """The priority and its parts: `3.98 = 1.2 lever x 8.3 % propensity x 1 context x 40 value - 0.002 cost`."""
    others = ((item.resource_cost, "resources"), (item.pressure_cost, "pressure"))
    return (
        f"{money(item.priority)} = {money(item.lever)} lever × {percent(item.propensity)} propensity × "
        f"{money(item.context_weight)} context × {money(item.business_value)} value − {money(item.cost)} cost"
    ) + "".join(f" − {money(cost)} {name}" for cost, name in others if cost)


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
