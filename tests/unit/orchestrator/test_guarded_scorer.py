"""A scorer that does not answer is left out, unless its callers were only in a hurry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from services.orchestrator.app.breaker import Breaker
from services.orchestrator.app.guarded_scorer import FAIR_MS, GuardedScorer
from services.orchestrator.app.ports import ScoreQuestion, Scores
from services.orchestrator.domain.trouble import Cause, cause_of
from shared.errors import DeadlineExceeded, Internal, ResourceExhausted, TandemError, Unavailable
from tests.support.volume import Ticking

NOTHING = np.empty(0)
SCORES = Scores("m@1", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
QUESTION = ScoreQuestion("f_1", {}, np.empty(0, dtype=np.int32), (), ())
LATE = DeadlineExceeded("DEADLINE_EXCEEDED", "late")
AWAY = Unavailable("DEPENDENCY_UNAVAILABLE", "away")


class Scripted:
    """Says what it is told to, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: TandemError | None = None

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return SCORES

    async def score_many(
        self, questions: Sequence[ScoreQuestion], *, deadline_ms: int
    ) -> Sequence[Scores | TandemError]:
        return [await self.score(each, deadline_ms=deadline_ms) for each in questions]


class Guarded:
    def __init__(self) -> None:
        self.clock, self.scripted = Ticking(), Scripted()
        self.scorer = GuardedScorer(self.scripted, Breaker(self.clock, failures=3), self.clock)

    async def ask(self, times: int, given_ms: int = FAIR_MS, *, many: bool = False) -> list[str]:
        """What each came to."""
        deadline_ms, results = self.clock.now_ms + given_ms, []
        for _ in range(times):
            try:
                if many:
                    await self.scorer.score_many([QUESTION], deadline_ms=deadline_ms)
                else:
                    await self.scorer.score(QUESTION, deadline_ms=deadline_ms)
            except TandemError as failure:
                results.append(cause_of(failure).value)
            else:
                results.append("answered")
        return results


@pytest.fixture
def guarded() -> Guarded:
    return Guarded()


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(("failure", "cause"), [(LATE, Cause.SLOW), (AWAY, Cause.DOWN)])
async def test_it_is_left_out_and_asked_again(guarded: Guarded, failure: TandemError, cause: Cause, many: bool) -> None:
    guarded.scripted.failure = failure
    assert await guarded.ask(5, many=many) == [cause] * 3 + [Cause.SKIPPED] * 2
    assert guarded.scripted.asked == 3
    guarded.scripted.failure = None
    guarded.clock.now_ms += 1_000
    assert await guarded.ask(2, many=many) == ["answered"] * 2


async def test_callers_in_a_hurry_say_nothing_of_it(guarded: Guarded) -> None:
    guarded.scripted.failure = LATE
    assert await guarded.ask(9, FAIR_MS - 1) == [Cause.SLOW] * 9


async def test_an_error_is_an_answer(guarded: Guarded) -> None:
    guarded.scripted.failure = Internal("INTERNAL", "a fault")
    assert await guarded.ask(9) == [Cause.FAULTY] * 9


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (LATE, Cause.SLOW),
        (AWAY, Cause.DOWN),
        (ResourceExhausted("OVERLOADED", "shed"), Cause.DOWN),
        (Internal("INTERNAL", "a fault"), Cause.FAULTY),
        (Unavailable("DEPENDENCY_UNAVAILABLE", "left out", metadata={"skipped": "true"}), Cause.SKIPPED),
    ],
)
def test_every_failure_has_one_cause(failure: TandemError, cause: Cause) -> None:
    assert cause_of(failure) is cause
