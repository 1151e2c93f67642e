"""Metrics are declared once, under our prefix, and the deployment guide lists exactly those that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.source import ROOT, called_name, calls, python_files, relative

CONSTRUCTORS = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
GUIDE = ROOT / "deploy" / "README.md"
UNITS = re.compile(r"tandem_[a-z0-9_]+")


def declared(path: Path) -> Iterator[tuple[str, str]]:
    """Kind and name of every metric that a file declares."""
    if "prometheus_client" not in path.read_text():
        return
    for call in calls(path):
        kind = called_name(call).rpartition(".")[2]
        if kind in CONSTRUCTORS and call.args and isinstance(call.args[0], ast.Constant):
            yield kind, str(call.args[0].value)


def exposed(kind: str, name: str) -> str:
    """The name that a scrape shows."""
    return {"Counter": f"{name.removesuffix('_total')}_total", "Info": f"{name}_info"}.get(kind, name)


METRICS = [(relative(path), *metric) for path in python_files("services", "shared") for metric in declared(path)]


def test_metrics_have_our_prefix() -> None:
    assert METRICS
    assert [metric for metric in METRICS if not UNITS.fullmatch(metric[2])] == []


def test_a_metric_is_declared_once() -> None:
    names = [name for _, _, name in METRICS]
    assert sorted(set(names)) == sorted(names)


def test_the_deployment_guide_lists_exactly_the_metrics_there_are() -> None:
    listed = set(re.findall(r"^\| `(tandem_\w+)(?:\{[^}]*\})?` \|", GUIDE.read_text(), re.MULTILINE))
    assert listed == {exposed(kind, name) for _, kind, name in METRICS}
