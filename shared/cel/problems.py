"""The library's error text as findings: code, sentence, line and column, and the name that was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

FUNCTIONS = frozenset(
    {
        "all",
        "bool",
        "bytes",
        "contains",
        "double",
        "duration",
        "dyn",
        "endsWith",
        "exists",
        "exists_one",
        "filter",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getFullYear",
        "getHours",
        "getMilliseconds",
        "getMinutes",
        "getMonth",
        "getSeconds",
        "has",
        "int",
        "map",
        "matches",
        "size",
        "startsWith",
        "string",
        "timestamp",
        "type",
        "uint",
    }
)
"""What every environment knows, whatever it declares."""

_PROBLEM = re.compile(r"^(?:INVALID_ARGUMENT: )?ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?: \[INVALID_ARGUMENT\])?$", re.M)
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_DOTTED_NAME = re.compile(r"[A-Za-z_][\w.]*\Z")
_LIMITS = ("recursion", "codepoint limit")
_SYNTAX = ("Syntax error", "invalid int literal", "Invalid string literal", "reserved identifier", "invalid double")


class Severity(IntEnum):
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an expression; line and column count within it, from 1, in characters."""

    code: str
    message: str
    line: int = 1
    column: int = 1
    severity: Severity = Severity.ERROR


def problem_at(text: str, offset: int, code: str, message: str, severity: Severity = Severity.ERROR) -> Problem:
    """A problem at an offset into the expression."""
    before = text[:offset]
    return Problem(code, message, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1, severity)


@dataclass(frozen=True, slots=True)
class Known:
    """The declared names and functions, from which a misspelt one may be guessed."""

    names: Collection[str]
    functions: Collection[str] = FUNCTIONS


def read_problems(error: str, text: str, known: Known) -> tuple[Problem, ...]:
    matches = _PROBLEM.findall(error)
    found = [_problem(int(line), int(column), sentence, text, known) for line, column, sentence in matches]
    if not found:
        sentence = error.splitlines()[0] if error else "the expression cannot be read"
        return (_limit(sentence) or Problem("CEL_SYNTAX", sentence),)
    return tuple(dict.fromkeys(found))


def undeclared_name(problem: Problem) -> str | None:
    """The name that nothing declares, where that is the problem."""
    found = _UNDECLARED.search(problem.message)
    if found is None or (problem.code != "UNKNOWN_ATTRIBUTE" and "." not in found[1]):  # has(a.b) looks like a call
        return None
    return found[1] if found[1].startswith("context.") else found[1].partition(".")[0]


def suggestion(name: str, names: Collection[str]) -> str:
    """The end of a sentence that names what was probably meant; empty where nothing is close."""
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _problem(line: int, column: int, sentence: str, text: str, known: Known) -> Problem:
    if limit := _limit(sentence):
        return limit
    if line < 1:  # the library stopped counting
        return Problem("LIMIT", "there are more problems; these are the first")
    if undeclared := _UNDECLARED.search(sentence):
        return _undeclared(undeclared[1], _offset(text, line, column), text, known)
    code = "CEL_SYNTAX" if sentence.startswith(_SYNTAX) else "CEL_TYPE"
    return Problem(code, sentence.removeprefix("Syntax error: "), line, column)


def _undeclared(name: str, offset: int, text: str, known: Known) -> Problem:
    is_function = text[offset : offset + 1] == "("
    # The library points at the last dot or at the parenthesis: point at the beginning of the name instead.
    begin = (_NAME if is_function else _DOTTED_NAME).search(text[:offset])
    start = begin.start() if begin else offset
    if is_function and name in known.functions:
        return problem_at(text, start, "CEL_TYPE", f"no overload of '{name}' takes these arguments")
    code = "UNKNOWN_FUNCTION" if is_function else "UNKNOWN_ATTRIBUTE"
    candidates = known.functions if is_function else known.names
    return problem_at(text, start, code, f"undeclared reference to '{name}'{suggestion(name, candidates)}")


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    return sum(len(each) + 1 for each in lines[: line - 1]) + column - 1


def _limit(sentence: str) -> Problem | None:
    if any(word in sentence for word in _LIMITS):
        return Problem("LIMIT", "the expression is nested more than 32 deep")
    return None
