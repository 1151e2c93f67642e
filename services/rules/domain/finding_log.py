"""Collects findings, so that a policy's author sees all of them at once."""

from __future__ import annotations

from collections.abc import Iterable

from services.rules.domain.rule_set import Finding
from services.rules.domain.written import SourcePosition
from shared.cel.problems import Problem, Severity


class FindingLog:
    def __init__(self) -> None:
        self._findings: list[Finding] = []

    def error(self, position: SourcePosition, code: str, message: str) -> None:
        self._findings.append(Finding(position, code, message))

    def problems(self, position: SourcePosition, problems: Iterable[Problem]) -> None:
        """Problems of the expression that begins at `position`."""
        for each in problems:
            self._findings.append(Finding(within(position, each), each.code, each.message, each.severity))

    @property
    def has_errors(self) -> bool:
        return any(finding.severity is Severity.ERROR for finding in self._findings)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self._findings)


def within(position: SourcePosition, problem: Problem) -> SourcePosition:
    """Where a problem of an expression stands in the file: on the first line, columns go on from the expression's.

    Without a position of the expression, where it stands within the expression.
    """
    first_line, first_column = max(position.line, 1), max(position.column, 1)
    column = first_column + problem.column - 1 if problem.line == 1 else problem.column
    return SourcePosition(position.file, first_line + problem.line - 1, column)
