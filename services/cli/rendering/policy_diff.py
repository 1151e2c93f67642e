"""Two policies side by side, or one alone, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.cli.rendering.diff_figures import (
    EXPECTED_NOTE,
    Answer,
    Row,
    arm_rows,
    changes_text,
    difference_rows,
    flag_texts,
    interval_text,
    is_of_profiles,
    sample_text,
    stage_name,
    use_title,
    worth_rows,
)

SHOWN = 12
"""Changes."""
STYLES = {
    pb.DIFF_VERDICT_BETTER: "bold green",
    pb.DIFF_VERDICT_WORSE: "bold red",
    pb.DIFF_VERDICT_REFUSED: "bold red",
    pb.DIFF_VERDICT_CANNOT_TELL: "bold yellow",
    pb.DIFF_VERDICT_EXPECTS_MORE: "bold green",
    pb.DIFF_VERDICT_EXPECTS_LESS: "bold red",
    pb.DIFF_VERDICT_NOT_COMPARABLE: "bold yellow",
}
_NAMES = ("baseline", "candidate")


def diff_view(answer: pb.DiffPoliciesResponse) -> RenderableType:
    runs = (answer.baseline, answer.candidate)
    parts: list[RenderableType] = [
        Text(f"{answer.candidate.policy_version} in place of {answer.baseline.policy_version}", "bold"),
        *_sample(answer),
        Text(answer.verdict_text, STYLES.get(answer.verdict, "bold")),
        *(Text(text, "bold yellow") for text in flag_texts(answer)),
        Text(),
        _figures(answer, runs, _NAMES),
    ]
    differences = difference_rows(answer)
    if differences:
        rows = [(name, [interval_text(interval)]) for name, interval in differences]
        parts += [Text(), _rows(("candidate less baseline", "difference"), rows)]
    arms = arm_rows(answer)
    if arms:
        parts += [Text(), _rows(("control arm", *_NAMES), arms)]
    parts.append(Text(f"\n{changes_text(answer)}"))
    if answer.changes:
        parts += [Text(), _changes(answer.changes)]
    return Group(*parts, *_rest(answer, runs, _NAMES))


def simulation_view(answer: pb.SimulatePolicyResponse) -> RenderableType:
    runs = (answer.run,)
    refusal = [Text(answer.run.refusal, "bold yellow")] if answer.run.refusal else []
    return Group(
        Text(answer.run.policy_version, "bold"),
        *_sample(answer),
        *refusal,
        Text(),
        _figures(answer, runs, ("policy",)),
        *_rest(answer, runs, ("policy",)),
    )


def _sample(answer: Answer) -> list[Text]:
    return [Text(text, "dim") for text in (sample_text(answer), *((EXPECTED_NOTE,) if is_of_profiles(answer) else ()))]


def _figures(answer: Answer, runs: Sequence[pb.PolicyRun], names: Sequence[str]) -> RenderableType:
    rows: list[Row] = [("expected contacts", [f"{run.expected_contacts:,.1f}" for run in runs])]
    channels = _merged([run.contacts_by_channel for run in runs])
    rows += [(f"  {name}", [f"{each:,.1f}" for each in contacts]) for name, contacts in channels.items()]
    return _rows(("", *names), [*rows, *worth_rows(answer, runs)])


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


def _rest(answer: Answer, runs: Sequence[pb.PolicyRun], names: Sequence[str]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    stages = _merged([{stage_name(stage): count for stage, count in run.dropped_by_stage.items()} for run in runs])
    caps = _merged([run.dropped_by_cap for run in runs])
    use = _merged([run.resource_use for run in runs])
    for title, rows in (("dropped at", stages), ("dropped by cap", caps), (use_title(answer), use)):
        if rows:
            parts += [Text(), _counts(title, names, rows)]
    return [*parts, Text(), _groups(answer.groups, len(runs))] if answer.groups else parts


def _merged(counts: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """By name, a number of each policy."""
    return {name: [each.get(name, 0) for each in counts] for name in sorted({name for each in counts for name in each})}


def _counts(title: str, names: Sequence[str], counts: Mapping[str, Sequence[float]]) -> RenderableType:
    return _rows((title, *names), [(name, [f"{each:,.10g}" for each in row]) for name, row in counts.items()])


def _groups(groups: Sequence[pb.GroupDiff], policies: int) -> RenderableType:
    beside = ("reached before",) if policies == 2 else ()
    last = ("difference",) if policies == 2 else ()
    table = _table("group", "persons", *beside, "reached", "ratio to the most reached", *last)
    for each in groups:
        ratio = interval_text(each.candidate_ratio) if each.HasField("candidate_ratio") else "-"
        worth = interval_text(each.money_difference) if each.HasField("money_difference") else "-"
        table.add_row(
            f"{each.attribute}: {each.group}",
            f"{each.persons:,}",
            *((f"{each.baseline_rate:.1%}",) if beside else ()),
            f"{each.candidate_rate:.1%}",
            Text(f"{ratio} below four fifths" if each.below_four_fifths else ratio, _ratio_style(each)),
            *((worth,) if last else ()),
        )
    return table


def _ratio_style(group: pb.GroupDiff) -> str:
    return "bold red" if group.below_four_fifths else ""


def _rows(names: Sequence[str], rows: Sequence[Row]) -> RenderableType:
    table = _table(*names)
    for name, texts in rows:
        table.add_row(name, *texts)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table
