"""Conditions on events, type-checked where they are written."""

from __future__ import annotations

from collections.abc import Mapping

from services.orchestrator.domain.policy.aggregates import AggregateDeclaration, Expression
from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.source_map import SourceMap
from services.orchestrator.domain.policy_parts import Finding, Place
from shared.cel.checks import condition_problems
from shared.cel.library import CelEnvironment
from shared.cel.problems import Problem, Severity

MAX_CONDITION_LENGTH = 2_000


def check_conditions(document: PolicyDocument, files: Mapping[str, bytes], findings: Findings) -> None:
    written = [each for each in document.computed if each.expressions]
    source = SourceMap(files, {each.place: each.text for one in written for each in one.expressions})
    for aggregate in written:
        environment = CelEnvironment(
            {f"event.{name}": kind for name, kind in aggregate.part.properties}, has_clock=False
        )
        for expression in aggregate.expressions:
            if len(expression.text) > MAX_CONDITION_LENGTH:
                message = f"must have at most {MAX_CONDITION_LENGTH:,} characters"
                findings.error(expression.place, "OUT_OF_RANGE", message)
                continue
            for problem in condition_problems(expression.text, environment):
                found = source.corrected(_finding(expression, problem, aggregate))
                findings.error(found.place, found.code, found.message)


def _finding(expression: Expression, problem: Problem, aggregate: AggregateDeclaration) -> Finding:
    start = expression.place
    column = start.column + problem.column - 1 if problem.line == 1 else problem.column
    place = Place(start.file, start.line + problem.line - 1, column)
    message = problem.message
    if problem.code == "UNKNOWN_ATTRIBUTE":
        event = aggregate.part.event
        message += f" (declare it: properties of the aggregate, or of {event} under event_types)"
    return Finding(place, problem.code, message, is_error=problem.severity is Severity.ERROR)
