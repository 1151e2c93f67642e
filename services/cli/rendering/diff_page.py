"""Two policies side by side, as one HTML file that needs nothing else: to be mailed, kept, and read years later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.cli.rendering.policy_diff import interval_text, sample_text, stage_name, value_rows
from services.cli.rendering.svg import Bars, Range, bar_plot, range_plot

ACTIONS_SHOWN = 15
FOUR_FIFTHS = 0.8
_CLASSES = {
    pb.DIFF_VERDICT_BETTER: "good",
    pb.DIFF_VERDICT_WORSE: "bad",
    pb.DIFF_VERDICT_REFUSED: "bad",
}
STYLE = """
:root{--ink:#1c2430;--dim:#5d6878;--paper:#fff;--rim:#dfe4ea;--a:#9aa7b8;--b:#2f6fdb;--good:#1a7f4b;--bad:#c0392b}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--dim:#9aa5b4;--paper:#141a22;--rim:#2b3542;--a:#66758a;
--b:#6ea3ff;--good:#55c38b;--bad:#ff8a7a}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:780px;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.4rem;margin:0 0 .2rem}h2{font-size:1.05rem;margin:2rem 0 .5rem}.dim,figcaption{color:var(--dim)}
code{font-size:.92em}.verdict{border-left:5px solid var(--a);padding:.6rem 1rem;margin:1rem 0;background:
color-mix(in srgb,var(--a) 12%,transparent);font-weight:600}.verdict.good{border-color:var(--good)}
.verdict.bad{border-color:var(--bad)}table{border-collapse:collapse;width:100%}
td,th{text-align:right;padding:.3rem .5rem;border-bottom:1px solid var(--rim);font-variant-numeric:tabular-nums}
td:first-child,th:first-child{text-align:left}th{color:var(--dim);font-weight:500}
figure{margin:1rem 0}svg{width:100%;height:auto}svg text{fill:var(--ink);font-size:12px}svg text.n{fill:var(--dim);
font-size:11px}.s0{fill:var(--a)}.s1{fill:var(--b)}line.mark{stroke:var(--dim);stroke-dasharray:4 4}
line.ok{stroke:var(--b);stroke-width:2}circle.ok{fill:var(--b)}line.bad{stroke:var(--bad);stroke-width:2}
circle.bad{fill:var(--bad)}.key span{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .3em 0 1em}
"""


def diff_page(answer: pb.DiffPoliciesResponse) -> str:
    kind = _CLASSES.get(answer.verdict, "")
    body = [
        "<h1>A policy in place of another</h1>",
        f"<div>candidate <code>{escape(answer.candidate.policy_version)}</code>, "
        f"baseline <code>{escape(answer.baseline.policy_version)}</code></div>",
        f'<div class="dim">{escape(sample_text(answer))}</div>',
        f'<div class="verdict {kind}">{escape(answer.verdict_text)}</div>',
        *_worth(answer),
        '<h2>Contacts</h2><div class="key dim"><span style="background:var(--a)"></span>baseline'
        '<span style="background:var(--b)"></span>candidate</div>',
        *_contacts(answer),
        *_drops(answer),
        *_groups(answer.groups, answer.currency),
        *_changes(answer),
        '<p class="dim">Values are of the first slot of each decision, at the prices of then, with 95 % intervals by '
        "person. SNIPS and DR: self-normalised inverse propensity scoring, and doubly robust with the propensities on "
        "record. Contacts and drops are those of a replay whose caps and budgets follow the policy itself.</p>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Policy diff</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{''.join(body)}</body></html>\n"
    )


def _worth(answer: pb.DiffPoliciesResponse) -> Iterable[str]:
    runs = (answer.baseline, answer.candidate)
    rows = [
        [name, *(_value_text(run, answer.currency, index) for run in runs)]
        for index, (name, _) in enumerate(value_rows(answer.currency, pb.PolicyValue()))
    ]
    rows.append(["never tried by the log", *(f"{run.untried_share:.1%}" for run in runs)])
    rows.append(["the log is worth, decisions", *(f"{run.effective_size:,.0f}" for run in runs)])
    rows.append(["persons hardly reached", *(f"{run.starving_persons:,}" for run in runs)])
    rows.append(["actions hardly shown", *(", ".join(run.starving_actions) or "-" for run in runs)])
    yield f"<h2>Worth</h2>{_table(('', 'baseline', 'candidate'), rows)}"
    if answer.HasField("difference"):
        named = value_rows(answer.currency, answer.difference)
        money, successes = named[:2], named[2:]
        yield range_plot("Candidate less baseline: money", [_range(*row) for row in money], 0.0)
        yield range_plot("Candidate less baseline: successes", [_range(*row) for row in successes], 0.0)


def _value_text(run: pb.PolicyRun, currency: str, index: int) -> str:
    return interval_text(value_rows(currency, run.value)[index][1]) if run.HasField("value") else "-"


def _range(name: str, interval: pb.Interval, *, is_bad: bool | None = None) -> Range:
    worse = interval.high < 0.0 if is_bad is None else is_bad
    return Range(name, interval.mean, interval.low, interval.high, worse)


def _contacts(answer: pb.DiffPoliciesResponse) -> Iterable[str]:
    one, other = answer.baseline, answer.candidate
    total = [Bars("all", (one.expected_contacts, other.expected_contacts))]
    yield bar_plot("Expected contacts by channel", total + _bars(one.contacts_by_channel, other.contacts_by_channel))
    actions = _bars(one.contacts_by_action, other.contacts_by_action)
    actions.sort(key=lambda each: -abs(each.values[1] - each.values[0]))
    yield bar_plot(f"By action: the {ACTIONS_SHOWN} that change most", actions[:ACTIONS_SHOWN])


def _drops(answer: pb.DiffPoliciesResponse) -> Iterable[str]:
    one, other = answer.baseline, answer.candidate
    stages = sorted({*one.dropped_by_stage, *other.dropped_by_stage})
    rows = [
        Bars(stage_name(stage), (one.dropped_by_stage.get(stage, 0), other.dropped_by_stage.get(stage, 0)))
        for stage in stages
    ]
    yield "<h2>What falls where</h2>"
    yield bar_plot("Dropped by stage", rows)
    for title, caps in (
        ("Pressure of caps: dropped by rule", _bars(one.dropped_by_cap, other.dropped_by_cap)),
        ("Used of resources", _bars(one.resource_use, other.resource_use)),
    ):
        if caps:
            yield bar_plot(title, caps)


def _bars(one: Mapping[str, float], other: Mapping[str, float]) -> list[Bars]:
    return [Bars(name, (one.get(name, 0.0), other.get(name, 0.0))) for name in sorted({*one, *other})]


def _groups(groups: Sequence[pb.GroupDiff], currency: str) -> Iterable[str]:
    if not groups:
        return
    rows = [
        [
            f"{each.attribute}: {each.group}",
            f"{each.persons:,}",
            f"{each.baseline_rate:.1%}",
            f"{each.candidate_rate:.1%}",
        ]
        for each in groups
    ]
    yield f"<h2>Who is reached</h2>{_table(('group', 'persons', 'before', 'candidate'), rows)}"
    ratios = [
        _range(f"{each.attribute}: {each.group}", each.candidate_ratio, is_bad=each.below_four_fifths)
        for each in groups
        if each.HasField("candidate_ratio")
    ]
    if ratios:
        yield range_plot("Reached, against the group that is reached most (four fifths)", ratios, FOUR_FIFTHS)
    worth = [_range(f"{each.attribute}: {each.group}", each.money_difference) for each in groups if _is_valued(each)]
    if worth:
        yield range_plot(f"{currency} per decision, candidate less baseline, by group", worth, 0.0)


def _is_valued(group: pb.GroupDiff) -> bool:
    return group.HasField("money_difference")


def _changes(answer: pb.DiffPoliciesResponse) -> Iterable[str]:
    share = answer.winners_changed / max(answer.decisions, 1)
    yield (
        f"<h2>Winners</h2><p>{answer.winners_changed:,} of {answer.decisions:,} decisions have another winner "
        f"({share:.1%}); {answer.probability_moved:.1%} of the probability of first slots lies elsewhere; "
        f"{answer.starved_persons:,} persons are not reached any more.</p>"
    )
    if answer.changes:
        rows = [
            [
                each.placement_id or "(reaching out)",
                each.before or "(nothing)",
                each.after or "(nothing)",
                f"{each.count:,}",
            ]
            for each in answer.changes
        ]
        yield _table(("placement", "baseline", "candidate", "times"), rows)


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
