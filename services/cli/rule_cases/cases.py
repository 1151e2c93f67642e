"""Case files: JSON Lines of `{"name", "expr", "facts", "expect"}`.

`expect` is a JSON value, "unknown" or "error"; a string that reads so is {"type": "string", "value": "error"}.
`at` is the time of a case, `facts` may be left out, anything else is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.cli.rule_cases.answer import Answer, Result, Unknown, Wrong, answer
from services.cli.rule_cases.facts import BadFacts, read_facts, read_moment, read_value
from services.cli.rule_cases.json_text import read_json
from services.cli.rule_cases.values import is_same, json_value


class BadCase(Exception):
    """A line that is no case."""


@dataclass(frozen=True, slots=True)
class Case:
    line: int
    name: str
    expression: str
    facts: Mapping[str, Any]
    expect: Any
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Failed:
    case: Case
    answer: Answer


def read_cases(lines: Iterable[str]) -> Iterator[Case]:
    """Raises BadCase. Empty lines are left out."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _case(number, read_json(line))
            except (ValueError, RecursionError) as error:
                raise BadCase(f"line {number}: {error}") from error


def failures(cases: Iterable[Case], now: datetime) -> Iterator[Failed | None]:
    """For every case None, or how it failed."""
    for case in cases:
        given = answered(case.expression, case.facts, case.at or now)
        yield None if _is_expected(given, case.expect) else Failed(case, given)


def answered(expression: str, raw_facts: Mapping[str, Any], now: datetime) -> Answer:
    try:
        return answer(expression, read_facts(raw_facts), now)
    except BadFacts as error:
        return Wrong(str(error))


def answer_document(given: Answer) -> dict[str, object]:
    match given:
        case Result(value=value):
            return {"result": json_value(value)}
        case Unknown(names=names):
            return {"unknown": list(names)}
        case Wrong(message=message):
            return {"error": message}


def failure_document(failed: Failed) -> dict[str, object]:
    case = failed.case
    parts = {"line": case.line, "name": case.name, "expr": case.expression, "expect": case.expect}
    return {**parts, "got": answer_document(failed.answer)}


def _is_expected(given: Answer, expect: Any) -> bool:
    if isinstance(expect, str) and expect in ("unknown", "error"):
        return isinstance(given, Unknown if expect == "unknown" else Wrong)
    return isinstance(given, Result) and is_same(given.value, _expected(expect))


def _expected(raw: Any) -> object:
    """Typed where JSON alone does not say it."""
    return read_value(raw) if isinstance(raw, dict) and raw.keys() <= {"type", "value", "timestamp"} else raw


def _case(line: int, raw: Any) -> Case:
    if not isinstance(raw, dict):
        raise ValueError("a case is an object")
    if not isinstance(raw.get("expr"), str) or "expect" not in raw:
        raise ValueError('a case needs "expr", a text, and "expect"')
    facts = raw.get("facts", {})
    if not isinstance(facts, dict):
        raise ValueError('"facts" is an object of names and values')
    _expected(raw["expect"])
    at = raw.get("at")
    return Case(line, str(raw.get("name", f"line {line}")), raw["expr"], facts, raw["expect"], at and read_moment(at))
