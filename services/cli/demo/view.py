"""The end of a demo run, for people."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.demo.off_policy import Judged
from services.cli.demo.report import Report
from services.cli.rendering.attributes import attributes_view
from services.cli.rendering.decision import decision_view

_POLICY_TEXTS = {"tandem": "Tandem", "uniform": "uniform", "best_single_action": "best item"}
_KIND_TEXTS = {"snips": "SNIPS", "dr": "DR"}


def report_view(report: Report) -> RenderableType:
    """Figures, values, and two decisions with their reasons."""
    parts: list[RenderableType] = [
        _title("What happened"),
        _figures(report),
        _title("What the policy is worth on the second half: clicks per 1,000 visits"),
        _values(report),
        Text(_reading_aid(report), "dim"),
        _title("One decision, with why and why not"),
        decision_view(report.sample.response),
        attributes_view(report.sample),
    ]
    if report.silent is not None:
        parts += [_title("One that stayed silent: nobody permitted the contact"), decision_view(report.silent.response)]
    return Group(*parts)


def _figures(report: Report) -> RenderableType:
    tally = report.tally
    grid = Table.grid(padding=(0, 2))
    drops = ", ".join(f"{stage} {count:,}" for stage, count in tally.drops.items())
    rows = [
        ("visits decided", f"{tally.decisions:,}  (and {tally.outbound_decisions:,} outbound decisions)"),
        ("decisions per second", f"{tally.decisions_per_s:.0f}  (two visits in flight, learning included)"),
        ("time of a Decide", f"p50 {tally.latency_ms(0.50):.1f} ms, p99 {tally.latency_ms(0.99):.1f} ms"),
        ("candidates dropped", drops),
        ("impressions captured", f"{tally.impressions:,}"),
        ("clicks", f"{tally.clicks:,}"),
    ]
    for name, text in rows:
        grid.add_row(name, text)
    return grid


def _values(report: Report) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    for column in ("policy", "estimator"):
        table.add_column(column)
    for column in ("value", "95 % interval", "ESS", "clicks"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for policy, kinds in report.values.items():
        for kind, judged in kinds.items():
            table.add_row(_POLICY_TEXTS[policy], _KIND_TEXTS[kind], *_cells(judged))
    return table


def _cells(judged: Judged) -> tuple[str, ...]:
    estimate = judged.estimate
    return (
        f"{1000 * estimate.mean:.2f}",
        f"{1000 * estimate.low:.2f} to {1000 * estimate.high:.2f}",
        f"{estimate.effective_sample_size:,.0f}",
        f"{estimate.weighted_positives:.1f}",
        judged.verdict,
    )


def _reading_aid(report: Report) -> str:
    return (
        "Estimated by SNIPS and doubly robust (DR) from the recorded choice probabilities: the log showed items at "
        f"random, so any policy can be evaluated on it. The best item of the first half is {report.best_action}. ESS: "
        "how many visits of its own the log is worth; clicks: weighted the same way. Intervals hold at any number of "
        "clicks; under 10 weighted clicks the verdict is that the data cannot tell."
    )


def _title(text: str) -> RenderableType:
    return Text(f"\n{text}", "bold underline")
