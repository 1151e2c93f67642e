"""The case files of the language definition and of what we add pass through the command that runs any other suite."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from services.cli.commands.rules.eval import evaluate
from tests.support.rules_cases import FOLDER, cases

AT = ["--at", "2026-06-15T12:00:00Z"]
FILES = [*sorted(path.stem for path in FOLDER.glob("cel_*.jsonl")), "tandem_additions"]
DEVIATIONS = cases("deviations")


def run(*arguments: str) -> Any:
    outcome = CliRunner().invoke(evaluate, [*arguments, "--json", *AT], standalone_mode=False)
    assert outcome.exception is None, outcome.exception
    return json.loads(outcome.stdout)


@pytest.mark.parametrize("name", FILES)
def test_every_case_of_a_file_passes(name: str) -> None:
    report = run("--cases", str(FOLDER / f"{name}.jsonl"))
    assert report == {"passed": len(cases(name)), "failed": 0, "failures": []}


def test_there_are_several_hundred_cases_and_each_has_its_own_name_in_its_file() -> None:
    files = [cases(name) for name in FILES]
    assert all(len({case["name"] for case in each}) == len(each) for each in files)
    assert sum(map(len, files)) >= 1_000


def test_every_deviation_has_a_reason_and_is_one(tmp_path: Any) -> None:
    assert all(case["reason"] for case in DEVIATIONS)
    assert run("--cases", str(FOLDER / "deviations.jsonl"))["passed"] == 0
    as_answered = tmp_path / "answers.jsonl"
    as_answered.write_text("".join(json.dumps({**case, "expect": case["answer"]}) + "\n" for case in DEVIATIONS))
    assert run("--cases", str(as_answered))["failures"] == []
