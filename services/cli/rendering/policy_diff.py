"""Two policies side by side, or one alone, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from tandem.common.v1.stage_pb2 import DropStage
from tandem.orchestrator.v1 import policy_diff_pb2 as pb

SHOWN = 12
STYLES = {
    pb.DIFF_VERDICT_BETTER: "bold green",
    pb.DIFF_VERDICT_WORSE: "bold red",
    pb.DIFF_VERDICT_REFUSED: "bold red",
    pb.DIFF_VERDICT_CANNOT_TELL: "bold yellow",
}


def diff_view(answer: pb.DiffPoliciesResponse) -> RenderableType:
    runs = (answer.baseline, answer.candidate)
    parts: list[RenderableType] = [
        Text(f"{answer.candidate.policy_version} in place of {answer.baseline.policy_version}", "bold"),
        Text(sample_text(answer), "dim"),
        Text(answer.verdict_text, STYLES.get(answer.verdict, "bold")),
        Text(),
        _figures(answer.currency, runs, ("baseline", "candidate")),
    ]
    if answer.HasField("difference"):
        parts += [Text(), _difference(answer)]
    share = answer.winners_changed / max(answer.decisions, 1)
    parts.append(
        Text(
            f"\n{answer.winners_changed:,} winners changed ({share:.1%}); {answer.probability_moved:.1%} of the "
            f"probability of first slots lies elsewhere; {answer.starved_persons:,} persons are not reached any more"
        )
    )
    if answer.changes:
        parts += [Text(), _changes(answer.changes)]
    return Group(*parts, *_rest(runs, ("baseline", "candidate"), answer.groups))


def simulation_view(answer: pb.SimulatePolicyResponse) -> RenderableType:
    runs = (answer.run,)
    return Group(
        Text(answer.run.policy_version, "bold"),
        Text(sample_text(answer), "dim"),
        Text(answer.run.refusal, "bold yellow"),
        _figures(answer.currency, runs, ("policy",)),
        *_rest(runs, ("policy",), answer.groups),
    )


def sample_text(answer: pb.DiffPoliciesResponse | pb.SimulatePolicyResponse) -> str:
    text = f"{answer.decisions:,} of {answer.sampled:,} decisions made again, of {answer.persons:,} persons"
    left = "".join(f"; {count:,} left out: {why}" for why, count in sorted(answer.left_out.items()))
    return f"{text}; {answer.valued:,} say something of values{left}"


def interval_text(interval: pb.Interval) -> str:
    return f"{interval.mean:.4g} ({interval.low:.4g} to {interval.high:.4g})"


def stage_name(stage: int) -> str:
    return DropStage.Name(stage).removeprefix("DROP_STAGE_").lower().replace("_", " ")


def value_rows(currency: str, value: pb.PolicyValue) -> list[tuple[str, pb.Interval]]:
    return [
        (f"{currency} per decision, DR", value.money_dr),
        (f"{currency} per decision, SNIPS", value.money_snips),
        ("successes per decision, DR", value.successes_dr),
        ("successes per decision, SNIPS", value.successes_snips),
    ]


def _figures(currency: str, runs: Sequence[pb.PolicyRun], names: Sequence[str]) -> RenderableType:
    table = _table("", *names)
    table.add_row("expected contacts", *(f"{run.expected_contacts:,.1f}" for run in runs))
    for channel in sorted({name for run in runs for name in run.contacts_by_channel}):
        table.add_row(f"  {channel}", *(f"{run.contacts_by_channel.get(channel, 0.0):,.1f}" for run in runs))
    for index, (name, _) in enumerate(value_rows(currency, pb.PolicyValue())):
        texts = [
            interval_text(value_rows(currency, run.value)[index][1]) if run.HasField("value") else "-" for run in runs
        ]
        table.add_row(name, *texts)
    table.add_row("never tried by the log", *(f"{run.untried_share:.1%}" for run in runs))
    table.add_row("the log is worth, decisions", *(f"{run.effective_size:,.0f}" for run in runs))
    table.add_row("persons hardly reached", *(f"{run.starving_persons:,}" for run in runs))
    table.add_row("actions hardly shown", *(", ".join(run.starving_actions[:SHOWN]) or "-" for run in runs))
    return table


def _difference(answer: pb.DiffPoliciesResponse) -> RenderableType:
    table = _table("candidate less baseline", "difference")
    for name, interval in value_rows(answer.currency, answer.difference):
        table.add_row(name, interval_text(interval))
    return table


def _changes(changes: Sequence[pb.DiffPoliciesResponse.Change]) -> RenderableType:
    table = _table("placement", "baseline", "candidate", "times")
    for each in changes[:SHOWN]:
        table.add_row(
            each.placement_id or "(reaching out)",
            each.before or "(nothing)",
            each.after or "(nothing)",
            f"{each.count:,}",
        )
    return table


def _rest(runs: Sequence[pb.PolicyRun], names: Sequence[str], groups: Sequence[pb.GroupDiff]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    stages = _merged([{stage_name(stage): count for stage, count in run.dropped_by_stage.items()} for run in runs])
    caps = _merged([run.dropped_by_cap for run in runs])
    use = _merged([run.resource_use for run in runs])
    for title, rows in (("dropped at", stages), ("dropped by cap", caps), ("used of", use)):
        if rows:
            parts += [Text(), _counts(title, names, rows)]
    return [*parts, Text(), _groups(groups)] if groups else parts


def _merged(counts: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """By name, a number of each policy."""
    return {name: [each.get(name, 0) for each in counts] for name in sorted({name for each in counts for name in each})}


def _counts(title: str, names: Sequence[str], rows: Mapping[str, Sequence[float]]) -> RenderableType:
    table = _table(title, *names)
    for name, counts in rows.items():
        table.add_row(name, *(f"{count:,.10g}" for count in counts))
    return table


def _groups(groups: Sequence[pb.GroupDiff]) -> RenderableType:
    table = _table("group", "persons", "reached before", "reached", "ratio to the most reached", "difference")
    for each in groups:
        ratio = interval_text(each.candidate_ratio) if each.HasField("candidate_ratio") else "-"
        table.add_row(
            f"{each.attribute}: {each.group}",
            f"{each.persons:,}",
            f"{each.baseline_rate:.1%}",
            f"{each.candidate_rate:.1%}",
            Text(f"{ratio} below four fifths" if each.below_four_fifths else ratio, _ratio_style(each)),
            interval_text(each.money_difference) if each.HasField("money_difference") else "-",
        )
    return table


def _ratio_style(group: pb.GroupDiff) -> str:
    return "bold red" if group.below_four_fifths else ""


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table
