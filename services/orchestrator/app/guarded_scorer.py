"""The scorer, left out while it does not answer: every decision would spend its share of the time on it.

Only the scorer: without the others a decision fails closed, so each is worth a try.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from services.orchestrator.app.batch.ports import ManyScores
from services.orchestrator.app.breaker import Breaker
from services.orchestrator.app.ports import ScoreQuestion, Scorer, Scores
from services.orchestrator.domain.trouble import SKIPPED
from shared.clock import Clock
from shared.errors import DeadlineExceeded, TandemError, Unavailable

FAIR_MS = 50
"""Who is given less and does not answer in time has shown nothing: the caller was in a hurry."""


class AnyScorer(Scorer, ManyScores, Protocol):
    """For one decision and for many."""


class GuardedScorer:
    """Implements Scorer and ManyScores."""

    def __init__(self, scorer: AnyScorer, breaker: Breaker, clock: Clock) -> None:
        self._scorer = scorer
        self._breaker = breaker
        self._clock = clock

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        with self._asking(deadline_ms):
            return await self._scorer.score(question, deadline_ms=deadline_ms)

    async def score_many(
        self, questions: Sequence[ScoreQuestion], *, deadline_ms: int
    ) -> Sequence[Scores | TandemError]:
        with self._asking(deadline_ms):
            return await self._scorer.score_many(questions, deadline_ms=deadline_ms)

    @contextmanager
    def _asking(self, deadline_ms: int) -> Iterator[None]:
        """Raises Unavailable in place of asking in vain."""
        if not self._breaker.admits():
            text = "the scoring service did not answer and is left out for a moment"
            raise Unavailable("DEPENDENCY_UNAVAILABLE", text, metadata={"service": "scoring", **SKIPPED})
        given_ms = deadline_ms - self._clock()
        try:
            yield
        except DeadlineExceeded:
            if given_ms >= FAIR_MS:
                self._breaker.failed()
            raise
        except Unavailable:
            self._breaker.failed()
            raise
        self._breaker.answered()
