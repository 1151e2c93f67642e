"""Where a test and a policy part ways."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.policy_parts import Place


@dataclass(frozen=True, slots=True)
class Problem:
    """`about` what, what was expected, what came, and why; at the place of the expectation."""

    place: Place
    about: str
    expected: str
    came: str
    why: str = ""
