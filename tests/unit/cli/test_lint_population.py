"""`tandem lint --population`: a policy against a sample of people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli.commands.lint import lint
from services.cli.failures import CommandFailed
from tests.support.source import ROOT

BOUTIQUE = str(ROOT / "services/cli/samples/boutique")
PEOPLE = [
    {"identities": {"email": "lea@example.com"}, "traits": {"age": {"value": 34}, "is_student": {"value": True}}},
    {"age": 22, "is_student": True, "last_purchase": {"ago": "140d"}},
    {"is_student": False, "city": None},
]


def sample(folder: Path, *lines: str) -> str:
    file = folder / "people.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


def test_shares_of_rules_are_told_by_what_is_known_and_by_what_is_not(tmp_path: Path) -> None:
    people = sample(tmp_path, *map(json.dumps, PEOPLE))
    ran = CliRunner().invoke(lint, [BOUTIQUE, "--population", people, "--json"], standalone_mode=False)
    document = json.loads(ran.stdout)
    assert (ran.return_value, document["errors"], document["population"]["people"]) == (0, 0, 3)
    shares = {each["rule"]: each for each in document["population"]["rules"]}
    assert (shares["is_student"]["dropped_by_known"], shares["is_student"]["dropped_by_unknown"]) == (1, 0)
    assert (shares["is_young"]["dropped_by_known"], shares["is_young"]["dropped_by_unknown"]) == (1, 0)
    assert (shares["is_gold"]["dropped_by_known"], shares["is_gold"]["dropped_by_unknown"]) == (0, 3)
    assert document["population"]["actions"]["student_offer"] == 1
    starving = [each for each in document["findings"] if "'is_gold'" in each["message"]]
    assert [(each["file"], each["code"]) for each in starving] == [("actions/retain.yaml", "STARVING_RULE")]


@pytest.mark.parametrize(
    "line", ["{", "[1]", '{"agee": 3}', '{"age": "old"}', '{"identities": {"email": "a@b.c"}, "traits": 3}']
)
def test_a_line_that_is_nobody_is_named(tmp_path: Path, line: str) -> None:
    people = sample(tmp_path, '{"age": 30}', line)
    ran = CliRunner().invoke(lint, [BOUTIQUE, "--population", people], standalone_mode=False)
    assert isinstance(ran.exception, CommandFailed), ran.exception
    assert f"{people}:2:1: " in str(ran.exception.message)
