"""Two policies side by side, as one HTML file that needs nothing else: to be mailed, kept, and read years later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.cli.rendering.diff_figures import (
    EXPECTED_NOTE,
    Answer,
    arm_rows,
    changes_text,
    difference_rows,
    flag_texts,
    is_of_profiles,
    sample_text,
    stage_name,
    use_title,
    worth_rows,
)
from services.cli.rendering.svg import Bars, Range, bar_plot, range_plot

ACTIONS_SHOWN = 15
FOUR_FIFTHS = 0.8
_CLASSES = {
    pb.DIFF_VERDICT_BETTER: "good",
    pb.DIFF_VERDICT_WORSE: "bad",
    pb.DIFF_VERDICT_REFUSED: "bad",
    pb.DIFF_VERDICT_EXPECTS_MORE: "good",
    pb.DIFF_VERDICT_EXPECTS_LESS: "bad",
    pb.DIFF_VERDICT_NOT_COMPARABLE: "bad",
}
_LOGGED_NOTE = (
    "Values are of the first slot of each decision, at the prices of then, with 95 % intervals by person. SNIPS and "
    "DR: self-normalised inverse propensity scoring, and doubly robust with the propensities on record. Contacts and "
    "drops are those of a replay whose caps and budgets follow the policy itself."
)
_PROFILES_NOTE = (
    "Intervals are of 95 %. Contacts and drops are of the sample; a budget is used up by as many as the persons of the "
    "sample stand for."
)
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
    runs = (answer.baseline, answer.candidate)
    return document(
        "A policy in place of another",
        [
            f"<div>candidate <code>{escape(answer.candidate.policy_version)}</code>, "
            f"baseline <code>{escape(answer.baseline.policy_version)}</code></div>",
            f'<div class="dim">{escape(sample_text(answer))}</div>',
            f'<div class="verdict {_CLASSES.get(answer.verdict, "")}">{escape(answer.verdict_text)}</div>',
            "".join(f'<div class="verdict bad">{escape(text)}</div>' for text in flag_texts(answer)),
            worth(answer, runs, ("baseline", "candidate")),
            *_differences(answer),
            *_arms(answer),
            '<h2>Contacts</h2><div class="key dim"><span style="background:var(--a)"></span>baseline'
            '<span style="background:var(--b)"></span>candidate</div>',
            *contacts(runs),
            *drops(answer, runs),
            *groups(answer.groups, answer.currency, is_of_two=True),
            *_changes(answer),
            note(answer),
        ],
    )


def document(title: str, body: Iterable[str]) -> str:
    """A page that needs nothing else."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{''.join(body)}</body></html>\n"
    )


def note(answer: Answer) -> str:
    return f'<p class="dim">{escape(_PROFILES_NOTE if is_of_profiles(answer) else _LOGGED_NOTE)}</p>'


def worth(answer: Answer, runs: Sequence[pb.PolicyRun], names: Sequence[str]) -> str:
    said = f'<p class="dim">{escape(EXPECTED_NOTE)}</p>' if is_of_profiles(answer) else ""
    rows = [[name, *texts] for name, texts in worth_rows(answer, runs)]
    return f"<h2>Worth</h2>{said}{_table(('', *names), rows)}"


def _differences(answer: pb.DiffPoliciesResponse) -> Iterable[str]:
    rows = difference_rows(answer)
    money = [_range(*row) for row in rows if row[0].startswith(answer.currency)]
    successes = [_range(*row) for row in rows if not row[0].startswith(answer.currency)]
    for title, ranges in (("money", money), ("successes", successes)):
        if ranges:
            yield range_plot(f"Candidate less baseline: {title}", ranges, 0.0)


def _arms(answer: pb.DiffPoliciesResponse) -> Iterable[str]:
    rows = [[name, *texts] for name, texts in arm_rows(answer)]
    if rows:
        yield f"<h2>Control arms differ</h2>{_table(('arm', 'baseline', 'candidate'), rows)}"


def _range(name: str, interval: pb.Interval, *, is_bad: bool | None = None) -> Range:
    worse = interval.high < 0.0 if is_bad is None else is_bad
    return Range(name, interval.mean, interval.low, interval.high, worse)


def contacts(runs: Sequence[pb.PolicyRun]) -> Iterable[str]:
    total = [Bars("all", [run.expected_contacts for run in runs])]
    yield bar_plot("Expected contacts by channel", total + _bars([run.contacts_by_channel for run in runs]))
    actions = _bars([run.contacts_by_action for run in runs])
    actions.sort(key=lambda each: -abs(each.values[-1] - (each.values[0] if len(runs) == 2 else 0.0)))
    named = "that change most" if len(runs) == 2 else "shown most"
    yield bar_plot(f"By action: the {ACTIONS_SHOWN} {named}", actions[:ACTIONS_SHOWN])


def drops(answer: Answer, runs: Sequence[pb.PolicyRun]) -> Iterable[str]:
    stages = sorted({stage for run in runs for stage in run.dropped_by_stage})
    rows = [Bars(stage_name(stage), [run.dropped_by_stage.get(stage, 0) for run in runs]) for stage in stages]
    yield "<h2>What falls where</h2>"
    yield bar_plot("Dropped by stage", rows)
    for title, caps in (
        ("Pressure of caps: dropped by rule", _bars([run.dropped_by_cap for run in runs])),
        (use_title(answer).capitalize(), _bars([run.resource_use for run in runs])),
    ):
        if caps:
            yield bar_plot(title, caps)


def _bars(counts: Sequence[Mapping[str, float]]) -> list[Bars]:
    names = sorted({name for each in counts for name in each})
    return [Bars(name, [each.get(name, 0.0) for each in counts]) for name in names]


def groups(found: Sequence[pb.GroupDiff], currency: str, *, is_of_two: bool) -> Iterable[str]:
    if not found:
        return
    rows = [
        [
            _name(each),
            f"{each.persons:,}",
            *([f"{each.baseline_rate:.1%}"] if is_of_two else []),
            f"{each.candidate_rate:.1%}",
        ]
        for each in found
    ]
    names = ("group", "persons", "before", "candidate") if is_of_two else ("group", "persons", "reached")
    yield f"<h2>Who is reached</h2>{_table(names, rows)}"
    ratios = [
        _range(_name(each), each.candidate_ratio, is_bad=each.below_four_fifths)
        for each in found
        if each.HasField("candidate_ratio")
    ]
    if ratios:
        yield range_plot("Reached, against the group that is reached most (four fifths)", ratios, FOUR_FIFTHS)
    worth_of = [_range(_name(each), each.money_difference) for each in found if _is_valued(each)]
    if worth_of:
        yield range_plot(f"{currency}, candidate less baseline, by group", worth_of, 0.0)


def _name(group: pb.GroupDiff) -> str:
    return f"{group.attribute}: {group.group}"


def _is_valued(group: pb.GroupDiff) -> bool:
    return group.HasField("money_difference")


def _changes(answer: pb.DiffPoliciesResponse) -> Iterable[str]:
    yield f"<h2>Winners</h2><p>{escape(changes_text(answer))}.</p>"
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
