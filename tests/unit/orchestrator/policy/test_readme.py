"""What the README of the policy language shows is policy."""

from __future__ import annotations

import re
from pathlib import Path

from services.orchestrator.domain.arms import CONTROLS
from services.orchestrator.domain.policy import compile as compiling
from services.orchestrator.domain.policy.arms import NAMES
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.targets import TargetMetric

README = Path(compiling.__file__).parent / "README.md"


def section(title: str) -> str:
    text = README.read_text(encoding="utf-8")
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def example(title: str, small: str) -> CompiledPolicy:
    """The small policy with the example of a section."""
    lines = [line[4:] for line in section(title).splitlines() if line.startswith("    ")]
    assert lines, title
    compilation = compile_policy({"small.yaml": small.encode(), "readme.yaml": "\n".join(lines).encode()})
    assert compilation.policy is not None, compilation.findings
    assert compilation.findings == ()
    return compilation.policy


def test_the_example_of_currencies(small: str) -> None:
    assert example("Currencies", small).settings.exchange_rates == {"USD": 0.92, "GBP": 1.17}


def test_the_example_of_arms_has_every_one_there_is(small: str) -> None:
    arms = example("Control arms", small).arms
    assert (set(arms.shares), arms.salt) == (set(CONTROLS), "spring")
    assert re.findall(r"^\| `(\w+)` \|", section("Control arms"), re.MULTILINE) == list(NAMES)


def test_the_example_of_targets_and_the_metrics_it_names(small: str) -> None:
    targets = {each.name: each for each in example("Targets", small).targets}
    assert (targets["spring_revenue"].group, targets["web_clicks"].channel) == ("care", "WEB")
    for metric in TargetMetric:
        assert metric.name.lower() in section("Targets")
