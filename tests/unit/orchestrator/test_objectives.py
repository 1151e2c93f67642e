"""What outcomes teach an objective."""

from __future__ import annotations

import pytest

from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.objectives import Objective, model_features
from services.orchestrator.domain.outcome import Effect, Outcome, reward_key
from services.orchestrator.domain.policy.objectives import MAX_NAME_LENGTH
from services.scoring.domain.rewards import MAX_KEY_LENGTH
from shared.ids import content_id
from shared.values import present

CLICK = Objective("click", (Outcome.CLICKED,), window_ms=1_000)
BUY = Objective("buy", (Outcome.CONVERTED, Outcome.REDEEMED))
LEAVE = Objective("leave", (Outcome.UNSUBSCRIBED,))
USUAL = Objective()


def effect(objective: Objective, outcome: Outcome, age_ms: int = 0, *, is_machine: bool = False) -> Effect:
    return objective.effect_of(outcome, Direction.OUTBOUND, is_machine=is_machine, age_ms=age_ms)


@pytest.mark.parametrize(
    ("objective", "outcome", "expected"),
    [
        (CLICK, Outcome.CLICKED, Effect.SUCCEEDED),
        (BUY, Outcome.CLICKED, Effect.SHOWN),
        (CLICK, Outcome.CONVERTED, Effect.SHOWN),
        (BUY, Outcome.CONVERTED, Effect.SUCCEEDED),
        (LEAVE, Outcome.UNSUBSCRIBED, Effect.SUCCEEDED),
        (CLICK, Outcome.UNSUBSCRIBED, Effect.SHOWN),
        (LEAVE, Outcome.DELIVERED, Effect.SHOWN),
        (LEAVE, Outcome.SENT, Effect.NOTHING),
        (CLICK, Outcome.BOUNCED, Effect.NOTHING),
    ],
)
def test_an_objective_has_successes_of_its_own_and_what_others_count_was_shown(
    objective: Objective, outcome: Outcome, expected: Effect
) -> None:
    assert effect(objective, outcome) is expected


def test_a_return_takes_back_a_purchase_but_not_that_somebody_clicked() -> None:
    assert effect(BUY, Outcome.RETURNED) is Effect.TAKEN_BACK
    assert effect(USUAL, Outcome.RETURNED) is Effect.TAKEN_BACK
    assert effect(CLICK, Outcome.RETURNED) is Effect.SHOWN


def test_after_the_window_nothing_counts_any_more() -> None:
    assert effect(CLICK, Outcome.CLICKED, 1_000) is Effect.SUCCEEDED
    assert effect(CLICK, Outcome.CLICKED, 1_001) is Effect.NOTHING
    assert effect(BUY, Outcome.CONVERTED, 10**15) is Effect.SUCCEEDED


@pytest.mark.parametrize("outcome", list(Outcome))
def test_machines_teach_no_objective(outcome: Outcome) -> None:
    assert {effect(each, outcome, is_machine=True) for each in (CLICK, BUY, LEAVE, USUAL)} == {Effect.NOTHING}


def test_rewards_are_told_apart_by_objective_and_all_begin_with_the_decision() -> None:
    assert USUAL.reward_key("d_1/hero/tea/WEB") == "d_1/hero/tea/WEB"
    assert CLICK.reward_key("d_1/hero/tea/WEB") == "d_1/hero/tea/WEB/click"


def test_the_longest_key_is_one_that_the_scoring_service_takes() -> None:
    name = "x" * 64
    presentation = reward_key(content_id("d", "any"), name, name, name)
    assert len(Objective("x" * MAX_NAME_LENGTH).reward_key(presentation)) <= MAX_KEY_LENGTH


def test_segments_are_a_feature_only_where_a_model_asks_for_them() -> None:
    features = {"age": present(42)}
    assert model_features(features, None) == features
    assert model_features(features, ("gold",)) == {**features, "segments": present(("gold",))}
