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


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ('{"last_purchase": {"timestmp": "2026-01-01T00:00:00Z"}}', 'last_purchase: unknown key "timestmp"'),
        ('{"last_purchase": {}, "age": "x"}', "last_purchase: must be a value"),
        ('{"last_purchase": {}, "age": "x"}', "age must be a int"),
        ('{"age": 1, "age": 2}', "the key 'age' is written twice"),
        ('{"identities": {"email": "a"}, "traits": {"age": {"value": 3, "ago": "99999999d"}}}', "more than a hundred"),
        (
            '{"identities": {"email": "a"}, "traits": {"x": {"value": {"timestamp": "0001-01-01T00:00:00+05:00"}}}}',
            "is no moment",
        ),
        ("[" * 100_000, "it is no person"),
    ],
)
def test_what_is_wrong_with_a_line_is_told_with_the_attribute(tmp_path: Path, line: str, part: str) -> None:
    ran = CliRunner().invoke(lint, [BOUTIQUE, "--population", sample(tmp_path, line)], standalone_mode=False)
    assert isinstance(ran.exception, CommandFailed), ran.exception
    assert part in ran.exception.message


def test_a_sample_takes_moments_as_json_writes_them(tmp_path: Path) -> None:
    people = sample(tmp_path, '{"last_purchase": {"timestamp": "2026-01-01T00:00:00Z"}}')
    ran = CliRunner().invoke(lint, [BOUTIQUE, "--population", people], standalone_mode=False)
    assert ran.return_value == 0, ran.output
