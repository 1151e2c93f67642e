"""Plots as inline SVG: nothing is fetched, and texts are texts. Colours are CSS variables of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABEL, ROW, BAR = 720, 230, 34, 11
_PLOT = WIDTH - LABEL - 110


@dataclass(frozen=True, slots=True)
class Bars:
    """One row: a number of each series."""

    label: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Range:
    """One row: an estimate with its interval."""

    label: str
    mean: float
    low: float
    high: float
    is_bad: bool = False


def bar_plot(title: str, rows: Sequence[Bars]) -> str:
    """At most two series: the baseline's, then the candidate's."""
    most = max((value for row in rows for value in row.values), default=0.0) or 1.0
    drawn = []
    for index, row in enumerate(rows):
        top = index * ROW + 6
        drawn.append(_text(LABEL - 8, top + BAR + 4, row.label, "end"))
        for series, value in enumerate(row.values):
            y, width = top + series * (BAR + 2), max(value / most * _PLOT, 0.5)
            drawn.append(f'<rect class="s{series}" x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>')
            drawn.append(_text(LABEL + width + 6, y + BAR - 2, f"{value:,.6g}", "start", "n"))
    return _figure(title, drawn, len(rows) * ROW + 8)


def range_plot(title: str, rows: Sequence[Range], mark: float, scale: str = "") -> str:
    """Estimates as dots with whiskers, and a line at `mark`."""
    low, high = _ends(rows, mark)

    def x(value: float) -> float:
        return LABEL + (min(max(value, low), high) - low) / (high - low) * _PLOT

    height = len(rows) * ROW + 8
    drawn = [f'<line class="mark" x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="0" y2="{height}"/>']
    drawn.append(_text(x(mark), height + 12, f"{mark:g}{scale}", "middle", "n"))
    for index, row in enumerate(rows):
        y, kind = index * ROW + ROW / 2, "bad" if row.is_bad else "ok"
        drawn.append(_text(LABEL - 8, y + 4, row.label, "end"))
        drawn.append(f'<line class="{kind}" x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<circle class="{kind}" cx="{x(row.mean):.1f}" cy="{y}" r="4.5"/>')
        drawn.append(_text(LABEL + _PLOT + 8, y + 4, f"{row.mean:.4g}", "start", "n"))
    return _figure(title, drawn, height + 16)


def _ends(rows: Sequence[Range], mark: float) -> tuple[float, float]:
    finite = [each for row in rows for each in (row.low, row.mean, row.high) if abs(each) < float("inf")]
    low, high = min([mark, *finite]), max([mark, *finite])
    rim = (high - low) * 0.06 or abs(mark) or 1.0
    return low - rim, high + rim


def _text(x: float, y: float, text: str, anchor: str, kind: str = "l") -> str:
    short = text if len(text) <= 34 else f"{text[:33]}…"
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(short)}</text>'


def _figure(title: str, drawn: Sequence[str], height: float) -> str:
    name = escape(title)
    return (
        f"<figure><figcaption>{name}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{name}">{"".join(drawn)}</svg></figure>'
    )
