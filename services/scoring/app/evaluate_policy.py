"""What policies are worth by a log that somebody sends."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

from services.scoring.domain.evaluation.estimates import ESTIMATORS, Question
from services.scoring.domain.evaluation.search import Search
from services.scoring.domain.evaluation.targets import TargetEvaluation, TargetsOnLog, evaluate_targets
from shared.errors import InvalidArgument

DEFAULT_CONFIDENCE, LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.95, 0.5, 0.999


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """`estimators`: those of ESTIMATORS that are wanted; none for all of them."""

    estimators: frozenset[str] = frozenset()
    confidence: float = DEFAULT_CONFIDENCE
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationQuery:
    asked: TargetsOnLog
    options: EvaluationOptions


class _NobodyWaits(Exception):
    """The caller's time is over."""


class EvaluatePolicy:
    """One evaluation at a time, in a thread: each takes a core for seconds, which scores need, too. Where its caller is
    gone, it ends before the next look at the rows: a thread cannot be cancelled."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)

    async def __call__(self, query: EvaluationQuery) -> TargetEvaluation:
        """Raises InvalidArgument."""
        options = query.options
        _check(options)
        given_up = threading.Event()

        def step() -> None:
            if given_up.is_set():
                raise _NobodyWaits

        wanted = options.estimators or frozenset(ESTIMATORS)
        question = Question(options.seed, wanted, Search(options.confidence, step))
        async with self._turn:
            try:
                return await asyncio.to_thread(evaluate_targets, query.asked, question)
            finally:
                given_up.set()


def _check(options: EvaluationOptions) -> None:
    if not LEAST_CONFIDENCE <= options.confidence <= MOST_CONFIDENCE:
        text = f"must lie within [{LEAST_CONFIDENCE}, {MOST_CONFIDENCE}], not at {options.confidence:g}"
        raise InvalidArgument.field("confidence", text)
    if options.seed < 0:
        raise InvalidArgument.field("seed", "must not be negative")
