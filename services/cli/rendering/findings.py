"""Findings as compilers print them: file:line:column: CODE message, sorted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from tandem.orchestrator.v1.policy_pb2 import Finding as FindingMessage
from tandem.orchestrator.v1.policy_pb2 import FindingSeverity

from services.orchestrator.domain.policy_parts import Finding


@dataclass(frozen=True, slots=True, order=True)
class FindingLine:
    """Something wrong in a policy folder, wherever it was found. Lines and columns start at 1."""

    file: str
    line: int
    column: int
    code: str
    message: str
    is_error: bool

    def __str__(self) -> str:
        kind = "" if self.is_error else "warning: "
        return f"{self.file}:{self.line}:{self.column}: {kind}{self.code} {' '.join(self.message.split())}"

    def document(self) -> dict[str, object]:
        """The finding for --json."""
        fields = asdict(self)
        fields["severity"] = "ERROR" if fields.pop("is_error") else "WARNING"
        return fields


def summary(findings: Sequence[FindingLine], checked: str) -> str:
    """The last line of a check: `2 errors, 1 warning in policies/boutique`."""
    errors = sum(finding.is_error for finding in findings)
    return f"{_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')} in {checked}"


def lines_of(findings: Iterable[Finding]) -> list[FindingLine]:
    """Findings of the compiler, by place."""
    return sorted(
        FindingLine(found.place.file, found.place.line, found.place.column, found.code, found.message, found.is_error)
        for found in findings
    )


def lines_of_messages(findings: Iterable[FindingMessage]) -> list[FindingLine]:
    """Findings of the contract, by place."""
    return sorted(map(_line_of_message, findings))


def _line_of_message(finding: FindingMessage) -> FindingLine:
    is_error = finding.severity != FindingSeverity.FINDING_SEVERITY_WARNING
    return FindingLine(finding.file, finding.line, finding.column, finding.code, finding.message, is_error)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
