"""What is learnt from outcomes, in whatever order they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.app.outcome_store import Money
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.outcome import MAX_AMOUNT, Effect, Lesson, Outcome, effect_of, reward_of

AMOUNTS = st.none() | st.integers(-100, 100)
LESSONS = st.lists(st.builds(Lesson, st.sampled_from(Effect), st.integers(0, 50), AMOUNTS), max_size=8)


def value(*lessons: tuple[Effect, int]) -> float | None:
    learnt = reward_of(Lesson(effect, time_ms) for effect, time_ms in lessons)
    return None if learnt is None else learnt.value


@pytest.mark.parametrize("outcome", [Outcome.CLICKED, Outcome.ACCEPTED, Outcome.CONVERTED, Outcome.REDEEMED])
def test_positive_outcomes_succeed(outcome: Outcome) -> None:
    assert effect_of(outcome, Direction.INBOUND, is_machine=False) is Effect.SUCCEEDED


@pytest.mark.parametrize(
    "outcome", [Outcome.PENDING, Outcome.SENT, Outcome.NOT_PRESENTED, Outcome.BOUNCED, Outcome.FAILED]
)
def test_what_was_not_presented_teaches_nothing(outcome: Outcome) -> None:
    assert effect_of(outcome, Direction.OUTBOUND, is_machine=False) is Effect.NOTHING


def test_only_an_outbound_delivery_was_presented() -> None:
    assert effect_of(Outcome.DELIVERED, Direction.OUTBOUND, is_machine=False) is Effect.SHOWN
    assert effect_of(Outcome.DELIVERED, Direction.INBOUND, is_machine=False) is Effect.NOTHING


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("direction", list(Direction))
def test_machines_teach_nothing(outcome: Outcome, direction: Direction) -> None:
    assert effect_of(outcome, direction, is_machine=True) is Effect.NOTHING


def test_shown_is_zero_and_success_is_one() -> None:
    assert value((Effect.SHOWN, 1)) == 0.0
    assert value((Effect.SHOWN, 1), (Effect.SUCCEEDED, 2)) == 1.0


def test_an_impression_that_arrives_late_does_not_undo_a_click() -> None:
    assert value((Effect.SUCCEEDED, 2), (Effect.SHOWN, 3)) == 1.0


def test_what_is_taken_back_counts_as_nothing_gained() -> None:
    assert value((Effect.SUCCEEDED, 2), (Effect.TAKEN_BACK, 5)) == 0.0
    assert value((Effect.SUCCEEDED, 2), (Effect.TAKEN_BACK, 2)) == 0.0


def test_a_success_after_a_return_counts_again() -> None:
    assert value((Effect.TAKEN_BACK, 5), (Effect.SUCCEEDED, 6)) == 1.0


def amount(*lessons: tuple[Effect, int, int | None]) -> tuple[float, int | None] | None:
    learnt = reward_of(Lesson(*each) for each in lessons)
    return None if learnt is None else (learnt.value, learnt.amount)


def test_amounts_of_successes_add_up() -> None:
    assert amount((Effect.SUCCEEDED, 1, 20), (Effect.SUCCEEDED, 2, 30)) == (1.0, 50)
    assert amount((Effect.SUCCEEDED, 1, 20), (Effect.SUCCEEDED, 2, None)) == (1.0, 20)
    assert amount((Effect.SUCCEEDED, 1, 0)) == (1.0, 0)
    assert amount((Effect.SUCCEEDED, 1, None)) == (1.0, None), "nobody says"


@pytest.mark.parametrize("returned", [30, -30])
def test_a_part_that_is_returned_leaves_the_rest_whatever_its_sign(returned: int) -> None:
    assert amount((Effect.SUCCEEDED, 1, 50), (Effect.TAKEN_BACK, 2, returned)) == (1.0, 20)


@pytest.mark.parametrize("returned", [50, 80, None])
def test_who_returns_all_or_does_not_say_how_much_has_bought_nothing(returned: int | None) -> None:
    assert amount((Effect.SUCCEEDED, 1, 50), (Effect.TAKEN_BACK, 2, returned)) == (0.0, None)
    assert amount((Effect.SUCCEEDED, 1, 50), (Effect.TAKEN_BACK, 2, returned), (Effect.SUCCEEDED, 3, 7)) == (1.0, 7)


def test_a_negative_amount_corrects_what_was_said_before() -> None:
    assert amount((Effect.SUCCEEDED, 1, 50), (Effect.SUCCEEDED, 2, -10)) == (1.0, 40)


def test_a_presentation_is_worth_no_more_than_any_amount_may_be() -> None:
    assert amount((Effect.SUCCEEDED, 1, MAX_AMOUNT), (Effect.SUCCEEDED, 2, MAX_AMOUNT)) == (1.0, MAX_AMOUNT)


@given(LESSONS)
def test_only_a_success_has_an_amount_and_none_is_negative(lessons: list[Lesson]) -> None:
    learnt = reward_of(lessons)
    if learnt is not None and learnt.amount is not None:
        assert learnt.value == 1.0
        assert 0 <= learnt.amount <= MAX_AMOUNT


@pytest.mark.parametrize(
    ("money", "micros"),
    [
        (Money("EUR", 12, 345_678_999), 12_345_678),
        (Money("EUR", -1, -500_000_000), -1_500_000),
        (Money("EUR", 0, 1), 0),
    ],
)
def test_money_is_counted_in_millionths(money: Money, micros: int) -> None:
    assert money.micros == micros


def test_nothing_taught_is_nothing_learnt() -> None:
    assert value((Effect.NOTHING, 1)) is None


@given(LESSONS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_is_irrelevant(lessons: list[Lesson], random: object) -> None:
    shuffled = list(lessons)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert reward_of(lessons) == reward_of(shuffled)


@given(LESSONS)
def test_more_lessons_of_nothing_change_nothing(lessons: list[Lesson]) -> None:
    assert reward_of([*lessons, Lesson(Effect.NOTHING, 99)]) == reward_of(lessons)
