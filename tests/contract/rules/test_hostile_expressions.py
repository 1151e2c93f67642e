"""Expressions and facts that nobody means well with: a clear refusal with the limit, never a process that hangs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.rule_set import Rule, Stage
from shared.cel.problems import Severity
from shared.values import AttributeType
from tests.support.rules import rule_set
from tests.support.source import ROOT

SECONDS = 60

MANY = list(range(100_000))
REFUSED: dict[str, tuple[str, str]] = {
    "1 MB": ("x == 1 || " * 100_000 + "true", "LIMIT: the expression has 1000004 bytes; 65536 are allowed"),
    "parentheses": ("(" * 1_000 + "x" + ")" * 1_000, "LIMIT: the expression is nested more than 32 deep"),
    "lists": ("[" * 1_000 + "x" + "]" * 1_000, "LIMIT: the expression is nested more than 32 deep"),
    "negations": ("!(" * 1_000 + "x == 1" + ")" * 1_000, "LIMIT: the expression is nested more than 32 deep"),
    "ternaries": ("x == 1 ? true : " * 1_000 + "false", "LIMIT: the expression is nested more than 32 deep"),
    "calls": ("size(" * 1_000 + "[1]" + ")" * 1_000, "LIMIT: the expression is nested more than 32 deep"),
    "elements": (f"x in {MANY}", "bytes; 65536 are allowed"),
    "short elements": ("x in [" + "1," * 20_000 + "1]", "LIMIT: the list has 20001 elements; 10000 are allowed"),
    "an int too large": ("x == 9223372036854775808", "CEL_SYNTAX: invalid int literal"),
    "a pattern too large": (
        "'a'.matches('((a{1000}){1000}){1000}')",
        "LIMIT: written out, the pattern takes some 1005009005",
    ),
    "loops": ("[1].all(a, [1].all(b, [1].all(c, x == 1)))", "LIMIT: 3 comprehensions run inside one another; 2 may"),
    "steps": (f"{MANY[:2000]}.all(a, {MANY[:2000]}.exists(b, a == b))", "steps; 100000 are allowed"),
    "a span": ('within(t, "99999999999w")', "INVALID_SPAN: '99999999999w' is longer than 10,000 years"),
}
HOSTILE_FACTS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "an int too large": ("x == 1", 2**63, {"error": "the fact 'x' must be within 64 bits"}),
    "a double too large": ("x == 1.0", float("inf"), {"error": "the fact 'x' must be a finite number"}),
    "half a character": ("x == 'a'", "\ud800", {"error": "Unicode text"}),
    "nested too deep": ("size(x) > 0", "deep", {"error": "the fact 'x' must be nested at most 32 deep"}),
    "overflow": ("x + 1 > 0", 2**63 - 1, {"error": "integer overflow"}),
    "many elements, held natively": ("5 in x", MANY, {"result": True}),
    "many elements in a loop": ("x.exists(e, e + 1 == 0)", MANY, {"error": "more than 500000 steps"}),
    "many elements by many": ("x.all(e, e + 1 in x)", MANY, {"error": "more than 500000 steps"}),
    "many elements of several types": ("x.exists(e, e == 0)", [*MANY, "a"], {"error": "more than"}),
    "a pattern that backtracks elsewhere": ("x.matches('^(a+)+$')", "a" * 60_000 + "!", {"result": False}),
    "a pattern among the facts": (
        "x[0].matches(x[1])",
        ["a" * 60_000, "((a{99}){99}){99}"],
        {"error": "more than 500000 steps"},
    ),
    "no pattern among the facts": (
        "x[0].matches(x[1])",
        ["a", "(a{99}"],
        {"error": "missing )"},
    ),
    "hundreds of unknown parts": (" || ".join(["y == 1"] * 5_000), 1, {"unknown": ["y"]}),
    "thousands of names": (
        " || ".join(f"n{number} == 1" for number in range(4_000)),
        1,
        {"error": "UNKNOWN_ATTRIBUTE"},
    ),
}


def answers(tmp_path: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each row was answered: every case expects what none gives."""
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps({**row, "expect": {"nothing": "like it"}}) + "\n" for row in rows))
    command = [sys.executable, "-m", "services.cli", "rules", "eval", "--cases", str(path), "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=ROOT)
    assert ended.returncode == 1, ended.stderr[-2000:]
    return [each["got"] for each in json.loads(ended.stdout)["failures"]]


def test_hostile_expressions_are_refused_with_their_limit(tmp_path: Path) -> None:
    facts = {"x": 1, "t": {"timestamp": "2026-06-01T00:00:00Z"}}
    given = answers(tmp_path, [{"expr": text, "facts": facts} for text, _ in REFUSED.values()])
    for (name, (_, expected)), answer in zip(REFUSED.items(), given, strict=True):
        assert expected in answer.get("error", ""), name


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_hostile_expressions_are_refused_when_they_are_published(text: str, expected: str) -> None:
    types = {"x": AttributeType.INT, "t": AttributeType.TIMESTAMP}
    compilation = IndexedEngine().compile(rule_set([Rule("r", Stage.ELIGIBILITY, text)], types))
    errors = [each for each in compilation.findings if each.severity is Severity.ERROR]
    assert compilation.policy is None
    assert any(expected in f"{each.code}: {each.message}" for each in errors)
    assert all(each.position.line >= 1 and each.position.column >= 1 for each in errors)


def test_hostile_facts_are_answered_in_time(tmp_path: Path) -> None:
    deep: Any = [1]
    for _ in range(200):
        deep = [deep]
    rows = [
        {"expr": text, "facts": {"x": deep if fact == "deep" else fact}} for text, fact, _ in HOSTILE_FACTS.values()
    ]
    given = answers(tmp_path, rows)
    for (name, (_, _, expected)), answer in zip(HOSTILE_FACTS.items(), given, strict=True):
        ((kind, content),) = expected.items()
        assert kind in answer, (name, answer)
        assert content in answer[kind] if kind == "error" else content == answer[kind], (name, answer)


@pytest.mark.parametrize("line", ["[" * 100_000, '{"expr": 1, "expect": 1}', '{"expr": "1"}', "[]", "nothing"])
def test_a_line_that_is_no_case_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(f'{{"expr": "1", "expect": 1}}\n{line}\n')
    command = [sys.executable, "-m", "services.cli", "rules", "eval", "--cases", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=ROOT)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: BAD_CASE: {path}: line 2: ")
