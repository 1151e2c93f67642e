"""Findings as lines."""

from __future__ import annotations

from tandem.orchestrator.v1.policy_pb2 import Finding as FindingMessage

from services.cli.rendering.findings import lines_of, lines_of_messages, summary
from services.orchestrator.domain.policy_parts import Finding, Place


def test_line_is_what_editors_jump_to() -> None:
    (line,) = lines_of([Finding(Place("a.yaml", 3, 7), "CEL_TYPE", "no such\n overload")])
    assert str(line) == "a.yaml:3:7: CEL_TYPE no such overload"


def test_warning_says_that_it_is_one() -> None:
    (line,) = lines_of_messages(
        [FindingMessage(file="a", line=1, column=2, code="X", message="y", severity="FINDING_SEVERITY_WARNING")]
    )
    assert str(line) == "a:1:2: warning: X y"
    assert line.document()["severity"] == "WARNING"


def test_lines_are_sorted_by_place_as_numbers() -> None:
    places = [Place("b", 1, 1), Place("a", 10, 1), Place("a", 9, 5), Place("a", 9, 40)]
    lines = lines_of(Finding(place, "X", "y") for place in places)
    assert [(line.file, line.line, line.column) for line in lines] == [
        ("a", 9, 5),
        ("a", 9, 40),
        ("a", 10, 1),
        ("b", 1, 1),
    ]


def test_summary_counts_errors_and_warnings_apart() -> None:
    lines = lines_of([Finding(Place("a", 1, 1), "X", "y"), Finding(Place("a", 2, 1), "X", "y", is_error=False)])
    assert summary(lines, "policy") == "1 error, 1 warning in policy"
    assert summary([], "policy") == "0 errors, 0 warnings in policy"
