"""What the other services answer for many subjects in one call: in their order, an answer or an error each.

The single answers are those of the ports in `app/ports.py`. A call raises what is wrong with all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.app.ports import (
    PolicyQuestion,
    PolicyVerdict,
    ScoreQuestion,
    Scores,
    SubjectQuery,
    SubjectView,
)
from shared.errors import TandemError

MAX_AT_ONCE = 1_000
"""Of each call."""
MAX_SCORES = 60_000
"""Of one call, candidates of all subjects together; one subject has no more by itself."""


class ManyProfiles(Protocol):
    async def get_many(
        self, queries: Sequence[SubjectQuery], *, deadline_ms: int
    ) -> Sequence[SubjectView | TandemError]: ...


class ManyVerdicts(Protocol):
    async def evaluate_many(
        self, questions: Sequence[PolicyQuestion], *, deadline_ms: int
    ) -> Sequence[PolicyVerdict | TandemError]:
        """Questions of one rule set, one moment and one explanation, all with segments or none, about no actions in
        particular."""
        ...


class ManyScores(Protocol):
    async def score_many(
        self, questions: Sequence[ScoreQuestion], *, deadline_ms: int
    ) -> Sequence[Scores | TandemError]:
        """Questions of one feature set and one catalogue."""
        ...


@dataclass(frozen=True, slots=True)
class Together:
    """The other services, for many at once."""

    profiles: ManyProfiles
    rules: ManyVerdicts
    scorer: ManyScores
