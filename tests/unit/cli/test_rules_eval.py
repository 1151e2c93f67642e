"""`tandem rules eval`: types taken from the facts, and its three answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from services.cli.commands.rules.eval import evaluate
from services.cli.failures import CommandFailed

FACTS: dict[str, Any] = {
    "age": 20,
    "margin": 0.5,
    "tier": "gold",
    "vip": True,
    "brands": ["nike"],
    "nothing": None,
    "nobody": {"type": "int", "status": "STALE", "value": 3},
    "none": {"type": "list<string>", "value": []},
    "seen": {"timestamp": "2026-06-01T00:00:00+02:00"},
    "pet": {"name": "Rex", "tags": ["a", 1, None], "type": "dog"},
    "userAgent": "Firefox",
}


def ask(tmp_path: Path, expression: str, facts: Any = None) -> tuple[int, dict[str, Any]]:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(FACTS if facts is None else facts))
    options = ["--expr", expression, "--facts", str(path), "--at", "2026-06-15T12:00:00Z", "--json"]
    outcome = CliRunner().invoke(evaluate, options, standalone_mode=False)
    assert outcome.exception is None, outcome.exception
    return outcome.return_value, json.loads(outcome.stdout)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("age >= 18 && vip", True),
        ("age + 1", 21),
        ("margin * 2.0", 1.0),
        ("'nike' in brands && size(none) == 0", True),
        ("tier + '!'", "gold!"),
        ("seen", "2026-05-31T22:00:00Z"),
        ("within(seen, '30d')", True),
        ("now() - seen", "1260000s".replace("1260000", str(14 * 86_400 + 14 * 3_600))),
        ("pet.name == 'Rex' && pet.tags[1] == 1 && pet.tags[2] == null", True),
        ("pet", {"name": "Rex", "tags": ["a", 1, None], "type": "dog"}),
        ("has(pet.owner)", False),
        ("userAgent.startsWith('Fire')", True),
        ("[1, b'a', type(1), 1.0 / 0.0]", [1, "YQ==", "int", "Infinity"]),
        ("age > 18 || missing", True),
    ],
)
def test_an_expression_gives_its_value(tmp_path: Path, expression: str, result: Any) -> None:
    assert ask(tmp_path, expression) == (0, {"result": result})


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("missing > 3", ["missing"]),
        ("nothing == 3", ["nothing"]),
        ("nobody == 3", ["nobody"]),
        ("nobody == 3 && missing && age > 3", ["nobody", "missing"]),
        ("age < 3 && missing || nobody == 3", ["nobody"]),
        ("vip ? missing : nobody == 3", ["missing"]),
        ("missing.part.of == 'a'", ["missing"]),
        ("has(missing.part)", ["missing"]),
        ("context.weather == 'rain'", ["context.weather"]),
        ("missing", ["missing"]),
    ],
)
def test_what_takes_an_unknown_attribute_names_it(tmp_path: Path, expression: str, names: list[str]) -> None:
    assert ask(tmp_path, expression) == (0, {"unknown": names})


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("age /", "1:6: CEL_SYNTAX: "),
        ("age > 'a'", "1:5: CEL_TYPE: found no matching overload"),
        ("unheard_of(age)", "1:1: UNKNOWN_FUNCTION: "),
        ("age / 0 > 1", "divide by zero"),
        ("pet.owner == 'Ann'", "Key not found in map"),
        ("dyn(1) && true", "No matching overloads"),
        ("brands[3]", "index"),
    ],
)
def test_an_error_is_told_with_its_place_and_exits_with_one(tmp_path: Path, expression: str, message: str) -> None:
    code, answer = ask(tmp_path, expression)
    assert code == 1
    assert message in answer["error"]


def test_facts_that_are_none_are_refused(tmp_path: Path) -> None:
    assert ask(tmp_path, "x", {"x": {"timestamp": "yesterday"}})[1]["error"].startswith("the fact 'x' must be a time")
    assert ask(tmp_path, "x", {"x": {"type": "int", "value": "a"}})[1] == {
        "error": "the fact 'x' must be a int, not a string"
    }


@pytest.mark.parametrize("facts", ['{"age": 1, "age": 10}', '{"pet": {"age": 1, "age": 10}}'])
def test_a_fact_that_is_written_twice_is_refused_by_name(facts: str, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(facts)
    outcome = CliRunner().invoke(evaluate, ["--expr", "age > 5", "--facts", str(path)], standalone_mode=False)
    assert isinstance(outcome.exception, CommandFailed)
    assert (outcome.exception.reason, outcome.exception.message) == (
        "BAD_FACTS",
        f"{path}: the key 'age' is written twice",
    )


def test_a_key_that_is_written_twice_in_a_case_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"expr": "1", "expect": 1}\n{"expr": "age", "facts": {"age": 1, "age": 2}, "expect": 2}\n')
    outcome = CliRunner().invoke(evaluate, ["--cases", str(path)], standalone_mode=False)
    assert isinstance(outcome.exception, CommandFailed)
    assert outcome.exception.message == f"{path}: line 2: the key 'age' is written twice"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "0001-01-01", "soon"])
def test_a_moment_that_is_no_date_of_utc_is_refused(at: str, tmp_path: Path) -> None:
    outcome = CliRunner().invoke(evaluate, ["--expr", "now()", "--at", at], standalone_mode=False)
    assert isinstance(outcome.exception, click.UsageError)
    assert outcome.exception.message.startswith("--at ")
    if "+" in at or at.endswith("-05:00"):
        assert ask(tmp_path, "x", {"x": {"timestamp": at}})[1]["error"].startswith("the fact 'x' must be a timestamp")


def test_a_file_of_cases_tells_what_failed(tmp_path: Path) -> None:
    rows = [
        {"name": "right", "expr": "age > 18", "facts": {"age": 20}, "expect": True},
        {"name": "one is 1.0 but not true", "expr": "1", "expect": 1.0, "note": "left alone"},
        {"name": "wrong", "expr": "age > 18", "facts": {"age": 17}, "expect": True},
        {"name": "unknown", "expr": "age > 18", "facts": {}, "expect": "unknown"},
        {"name": "true is not 1", "expr": "1", "expect": True},
        {"name": "error", "expr": "1 / 0", "expect": "error"},
        {"name": "a text that reads so", "expr": "'error'", "expect": {"type": "string", "value": "error"}},
        {"name": "its own time", "expr": "now()", "at": "2020-01-01T00:00:00Z", "expect": "2020-01-01T00:00:00Z"},
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    outcome = CliRunner().invoke(evaluate, ["--cases", str(path), "--json"], standalone_mode=False)
    assert outcome.return_value == 1
    report = json.loads(outcome.stdout)
    assert (report["passed"], report["failed"]) == (6, 2)
    assert [(each["line"], each["name"], each["got"]) for each in report["failures"]] == [
        (3, "wrong", {"result": False}),
        (5, "true is not 1", {"result": 1}),
    ]


@pytest.mark.parametrize(
    "options", [[], ["--expr", "1", "--cases", __file__], ["--cases", __file__, "--facts", __file__]]
)
def test_a_command_line_that_says_nothing_or_too_much_is_refused(options: list[str]) -> None:
    assert CliRunner().invoke(evaluate, options).exit_code == 2
