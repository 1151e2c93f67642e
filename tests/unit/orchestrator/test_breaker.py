"""When somebody who does not answer is left out, and when asked again: with a clock that a test steps."""

from __future__ import annotations

from services.orchestrator.app.breaker import Breaker
from tests.support.volume import Ticking


def opened(clock: Ticking) -> Breaker:
    breaker = Breaker(clock, failures=3, pause_ms=1_000)
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    breaker = Breaker(Ticking(), failures=3)
    for _ in range(2):
        breaker.failed()
    assert breaker.admits()
    breaker.failed()
    assert not breaker.admits()


def test_an_answer_in_between_begins_the_row_again() -> None:
    breaker = Breaker(Ticking(), failures=3)
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.answered()
    assert breaker.admits()


def test_after_the_pause_one_may_try_and_the_others_wait_for_it() -> None:
    clock = Ticking()
    breaker = opened(clock)
    clock.now_ms += 999
    assert not breaker.admits()
    clock.now_ms += 1
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_try_that_is_answered_closes_it() -> None:
    clock = Ticking()
    breaker = opened(clock)
    clock.now_ms += 1_000
    assert breaker.admits()
    breaker.answered()
    assert all(breaker.admits() for _ in range(3))


def test_a_try_that_fails_begins_another_pause() -> None:
    clock = Ticking()
    breaker = opened(clock)
    clock.now_ms += 1_000
    assert breaker.admits()
    clock.now_ms += 500
    breaker.failed()
    clock.now_ms += 999
    assert not breaker.admits()
    clock.now_ms += 1
    assert breaker.admits()


def test_a_try_that_is_never_heard_of_again_holds_nobody_up_for_ever() -> None:
    clock = Ticking()
    breaker = opened(clock)
    clock.now_ms += 1_000
    assert breaker.admits()
    clock.now_ms += 1_000
    assert breaker.admits()
