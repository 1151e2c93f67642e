"""What became of a policy's tests: what was expected, what came, and why."""

from __future__ import annotations

from collections.abc import Iterator

from services.cli.policy_tests.problems import Problem
from services.cli.policy_tests.run import Result, Run
from services.cli.rendering.findings import lines_of
from services.orchestrator.domain.policy.findings import where


def report_lines(run: Run) -> Iterator[str]:
    yield from map(str, lines_of(run.findings))
    for result in run.results:
        if result.problems:
            yield f"FAIL  {where(result.case.place)}: {result.case.name}"
            for problem in result.problems:
                yield from _problem_lines(problem)
        else:
            yield f"ok    {result.case.name}"


def _problem_lines(problem: Problem) -> Iterator[str]:
    yield f"        {where(problem.place)}: {problem.about}"
    yield f"          expected: {problem.expected}"
    yield f"          came:     {problem.came}"
    if problem.why:
        yield f"          because:  {problem.why}"


def summary(run: Run) -> str:
    """`7 passed, 1 failed`."""
    errors = sum(finding.is_error for finding in run.findings)
    more = f", {errors} error{'' if errors == 1 else 's'}" if errors else ""
    return f"{len(run.results) - run.failed} passed, {run.failed} failed{more}"


def report_document(run: Run) -> dict[str, object]:
    """For --json."""
    return {
        "passed": len(run.results) - run.failed,
        "failed": run.failed,
        "findings": [line.document() for line in lines_of(run.findings)],
        "tests": [_document(result) for result in run.results],
    }


def _document(result: Result) -> dict[str, object]:
    place = result.case.place
    return {
        "name": result.case.name,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "passed": not result.problems,
        "problems": [
            {
                "file": each.place.file,
                "line": each.place.line,
                "column": each.place.column,
                "about": each.about,
                "expected": each.expected,
                "came": each.came,
                "because": each.why,
            }
            for each in result.problems
        ],
    }
