"""What is wrong with a policy folder, collected: a reader goes on after a finding, so that people see all of them."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from services.orchestrator.domain.policy_parts import Finding, Place

MAX_FINDINGS = 1_000
MAX_MESSAGE_LENGTH = 500
MAX_KNOWN = 1_000
"""Names that a wrong one is compared with: finding the nearest of more takes too long."""


class Refused(Exception):
    """A node that is not what its place needs."""

    def __init__(self, place: Place, message: str, *, code: str = "WRONG_TYPE") -> None:
        super().__init__(message)
        self.place = place
        self.message = message
        self.code = code


class TooManyFindings(Exception):
    """Nobody reads on from here."""


class Findings:
    """A growing list; `ordered` gives it by place. Ends the reading with TooManyFindings after MAX_FINDINGS errors;
    warnings beyond that number are not kept."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self.errors = 0
        """How many so far."""
        self._warnings = 0

    def error(self, place: Place, code: str, message: str) -> None:
        self._found.append(Finding(place, code, message[:MAX_MESSAGE_LENGTH]))
        self.errors += 1
        if self.errors >= MAX_FINDINGS:
            raise TooManyFindings

    def warning(self, place: Place, code: str, message: str) -> None:
        self._warnings += 1
        if self._warnings <= MAX_FINDINGS:
            self._found.append(Finding(place, code, message[:MAX_MESSAGE_LENGTH], is_error=False))

    def refused(self, refusal: Refused) -> None:
        self.error(refusal.place, refusal.code, refusal.message)

    def has(self, *codes: str) -> bool:
        return any(finding.code in codes for finding in self._found)

    def ordered(self) -> tuple[Finding, ...]:
        return in_order(self._found)


def in_order(findings: Collection[Finding]) -> tuple[Finding, ...]:
    """By file, line and column; equal findings once."""
    key = lambda found: (found.place.file, found.place.line, found.place.column, found.code, found.message)  # noqa: E731
    return tuple(sorted(dict.fromkeys(findings), key=key))


def suggestion(name: str, known: Collection[str]) -> str:
    """` (did you mean "lever"?)`, or nothing when no known name is near."""
    near = difflib.get_close_matches(name[:64], known, n=1) if len(known) <= MAX_KNOWN else ()
    return f' (did you mean "{near[0]}"?)' if near else ""


def where(place: Place) -> str:
    """file:line:column."""
    return f"{place.file}:{place.line}:{place.column}"
