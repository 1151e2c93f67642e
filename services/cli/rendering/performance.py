"""What decisions brought, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from tandem.orchestrator.v1.performance_pb2 import (
    Estimate,
    GetPerformanceResponse,
    LeftOut,
    Measure,
    PerformanceRow,
    SampleRatio,
    TargetMetric,
    TargetResult,
)

_COUNTS = ("persons", "contacts", "responses", "conversions", "revenue")
_LIFTS = ("response rate", "conversions", "revenue")
_METRIC = "TARGET_METRIC_"


def performance_view(answer: GetPerformanceResponse) -> RenderableType:
    parts: list[RenderableType] = []
    if answer.sample_ratio.alarm:
        parts += [Text(line, "bold red") for line in _alarm(answer.sample_ratio)]
    if answer.rows:
        parts.append(_counts_table(answer))
        if any(row.revenue_amount.HasField("lift") for row in answer.rows):
            parts.append(_lift_table(answer))
    else:
        parts.append(Text("nobody was decided for in this time"))
    parts += [Text(line) for line in _left_out(answer.left_out)]
    if answer.targets:
        parts.append(_target_table(answer))
    return Group(*parts)


def _counts_table(answer: GetPerformanceResponse) -> Table:
    """What there was, and per person."""
    table = Table(box=None, title="Reached", title_justify="left", title_style="bold", pad_edge=False)
    for name in ("key", "arm"):
        table.add_column(name, overflow="fold")
    for name in (*_COUNTS, "rate", "conversions/person", f"{answer.currency}/person"):
        table.add_column(name, justify="right")
    for row in answer.rows:
        table.add_row(row.key, row.arm, *_counts(row))
    return table


def _counts(row: PerformanceRow) -> tuple[str, ...]:
    return (
        *(f"{count:,}" for count in (row.persons, row.contacts, row.responses, row.conversions)),
        f"{row.revenue:,.2f}",
        _estimate(row.response_rate.estimate, percent=True) if row.HasField("response_rate") else "",
        _estimate(row.conversion_count.estimate, percent=False),
        _estimate(row.revenue_amount.estimate, percent=False),
    )


def _lift_table(answer: GetPerformanceResponse) -> Table:
    title = f"Lift over {answer.baseline}, with the interval of nineteen times of twenty"
    table = Table(box=None, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for name in ("key", "arm"):
        table.add_column(name, overflow="fold")
    for name in _LIFTS:
        table.add_column(name, justify="right")
    for row in answer.rows:
        measures = (row.response_rate, row.conversion_count, row.revenue_amount)
        if any(each.HasField("lift") for each in measures):
            table.add_row(row.key, row.arm, *(_lift(each) for each in measures))
    return table


def _lift(measure: Measure) -> str:
    """As a share of the baseline's, or the bare difference where that has nothing."""
    if not measure.HasField("lift"):
        return ""
    if measure.lift.HasField("relative"):
        return _estimate(measure.lift.relative, percent=True, sign="+")
    return _estimate(measure.lift.difference, percent=False, sign="+")


def _estimate(estimate: Estimate, *, percent: bool, sign: str = "") -> str:
    def number(value: float) -> str:
        return f"{value:{sign}.2%}" if percent else f"{value:{sign},.4g}"

    if not estimate.HasField("low"):
        return number(estimate.value)
    return f"{number(estimate.value)} ({number(estimate.low)} to {number(estimate.high)})"


def _alarm(ratio: SampleRatio) -> Iterator[str]:
    yield (
        f"! the arms are not as large as their shares say (p = {ratio.p_value:.1g}): something loses persons of one "
        "more than of another. Do not trust the comparison before that is found"
    )
    yield ", ".join(f"{each.arm} {each.observed:,}, expected {each.expected:,.0f}" for each in ratio.arms)


def _left_out(left_out: LeftOut) -> Iterator[str]:
    counts = (
        (left_out.two_arms, "whose profiles of two arms became one"),
        (left_out.merged, "whose profiles of one arm did"),
        (left_out.moved, "whom another share moved"),
    )
    told = [f"{count:,} {text}" for count, text in counts if count]
    if told:
        yield f"left out: {'; '.join(told)}"
    if left_out.decisions:
        yield f"not compared: {left_out.decisions:,} decisions for nobody known, or without arms"


def _target_table(answer: GetPerformanceResponse) -> Table:
    table = Table(box=None, title="Targets", title_justify="left", title_style="bold", pad_edge=False)
    for name in ("target", "metric"):
        table.add_column(name)
    for name in ("wanted", "reached", "share"):
        table.add_column(name, justify="right")
    for each in answer.targets:
        metric = TargetMetric.Name(each.metric).removeprefix(_METRIC).lower()
        table.add_row(each.target, metric, *_target(each))
    return table


def _target(result: TargetResult) -> tuple[str, str, str]:
    share = f"{result.actual / result.amount:.0%}" if result.amount else ""
    return f"{result.amount:,.4g}", f"{result.actual:,.4g}", share
