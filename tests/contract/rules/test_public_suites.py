"""Other people's test suites, converted to expressions of ours where they map and run by `tandem rules eval --cases`.

Nothing of them is stored: they are converted when the test runs. What does not map is counted by its reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from services.cli.commands.rules.eval import evaluate
from tests.support.real_data import real_file
from tests.support.suites import growthbook, jsonlogic
from tests.support.suites.converted import Converted, NotMapped

GROWTHBOOK = "suites/growthbook/cases.json"
JSON_LOGIC = "suites/jsonlogic/suites"


def run(cases: Iterable[Converted], folder: Path) -> dict[str, Any]:
    path = folder / "cases.jsonl"
    rows = ({"name": each.name, "expr": each.expression, "facts": each.facts, "expect": each.expect} for each in cases)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    outcome = CliRunner().invoke(evaluate, ["--cases", str(path), "--json"], standalone_mode=False)
    assert outcome.exception is None, outcome.exception
    report: dict[str, Any] = json.loads(outcome.stdout)
    return report


def converted(cases: Iterable[Any], convert: Callable[[Any], Converted]) -> tuple[list[Converted], Counter[str]]:
    """What maps, and the reasons of the rest."""
    mapped: list[Converted] = []
    reasons: Counter[str] = Counter()
    for case in cases:
        try:
            mapped.append(convert(case))
        except NotMapped as reason:
            reasons[str(reason)] += 1
    return mapped, reasons


def told(name: str, mapped: int, reasons: Counter[str]) -> None:
    count = mapped + reasons.total()
    print(f"\n{name}: {mapped} of {count} cases map ({mapped / count:.0%}), and all of them pass. The others:")
    for reason, times in reasons.most_common():
        print(f"  {times:4} {reason}")


def growthbook_conditions() -> list[Any]:
    return list(json.loads(real_file(GROWTHBOOK).read_text(encoding="utf-8"))["evalCondition"])


def test_conditions_of_growthbook_mean_the_same_here(tmp_path: Path) -> None:
    mapped, reasons = converted(growthbook_conditions(), growthbook.convert)
    assert run(mapped, tmp_path) == {"passed": len(mapped), "failed": 0, "failures": []}
    told("GrowthBook", len(mapped), reasons)
    assert (len(mapped), reasons.total()) == (152, 96)
    assert reasons[growthbook.VERSIONS] == 90


def test_conditions_of_growthbook_on_declared_attributes_mean_the_same_here(tmp_path: Path) -> None:
    typed = [each for case in growthbook_conditions() if (each := growthbook.typed(case)) is not None]
    assert run(typed, tmp_path) == {"passed": len(typed), "failed": 0, "failures": []}
    assert len(typed) >= 90


def json_logic_rules() -> list[Any]:
    files = sorted(real_file(JSON_LOGIC).rglob("*.json"))
    cases = [case for path in files for case in json.loads(path.read_text(encoding="utf-8"))]
    return [case for case in cases if isinstance(case, dict)]


def test_rules_of_json_logic_mean_the_same_here(tmp_path: Path) -> None:
    mapped, reasons = converted(json_logic_rules(), jsonlogic.convert)
    assert run(mapped, tmp_path) == {"passed": len(mapped), "failed": 0, "failures": []}
    told("JSON Logic", len(mapped), reasons)
    assert (len(mapped), reasons.total()) == (678, 460)
