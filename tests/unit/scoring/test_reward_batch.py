"""The latest reward of a key counts, the same one twice counts once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.reward_batch import Held, Holder, RewardBatch, RewardOutcome, settle
from services.scoring.domain.rewards import Reward, Worth, check_reward
from shared.errors import AlreadyExists, InvalidArgument
from tests.support.scoring import FEATURE_SET, NOW_MS, reward

REWARDS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 0.5, 1.0])), max_size=12)


def batch(*items: Reward | RewardOutcome) -> RewardBatch:
    return RewardBatch("r", "hash", items, NOW_MS)


def test_first_reward_has_no_previous_one_and_a_later_one_has() -> None:
    additions, _ = settle(batch(reward("a", 0.0), reward("a", 1.0)), {})
    assert [(each.reward.reward, each.previous_reward) for each in additions] == [(0.0, None), (1.0, 0.0)]


def test_same_reward_again_is_a_duplicate_within_a_batch_and_across() -> None:
    additions, receipt = settle(batch(reward("a", 1.0), reward("b", 0.0), reward("b", 0.0)), {"a": Worth(1.0)})
    assert [each.is_duplicate for each in receipt.outcomes] == [True, False, True]
    assert [each.reward.reward_key for each in additions] == ["b"]


def test_refused_items_keep_their_place_and_add_nothing() -> None:
    refused = RewardOutcome("b", error=InvalidArgument.field("x", "is wrong"))
    additions, receipt = settle(batch(reward("a"), refused, reward("c")), {})
    assert [outcome.reward_key for outcome in receipt.outcomes] == ["a", "b", "c"]
    assert receipt.outcomes[1] is refused
    assert len(additions) == 2


@given(REWARDS, REWARDS)
def test_keys_are_worth_their_latest_reward_however_batches_are_cut(
    first: list[tuple[str, float]], second: list[tuple[str, float]]
) -> None:
    together, _ = settle(batch(*(reward(*each) for each in first + second)), {})
    one, _ = settle(batch(*(reward(*each) for each in first)), {})
    worth = {each.reward.reward_key: each.reward.worth for each in one}
    two, _ = settle(batch(*(reward(*each) for each in second)), worth)
    assert together == one + two
    assert {each.reward.reward_key: each.reward.reward for each in together} == dict(first + second)


def test_another_body_under_a_known_request_id_is_refused() -> None:
    _, receipt = settle(batch(reward()), {})
    receipt.require_body("r", "hash")
    with pytest.raises(AlreadyExists) as caught:
        receipt.require_body("r", "other")
    assert caught.value.reason == "REQUEST_ID_REUSED"


def changed(**fields: Any) -> Reward:
    complete = {
        "reward_key": "k",
        "feature_set_version": FEATURE_SET.version,
        "action": "mug",
        "channel": "",
        "placement_id": "",
        "features": {},
        "reward": 1.0,
    }
    return Reward(**{**complete, **fields})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("reward", number) for number in (-0.001, 1.001, float("nan"), float("inf"), float("-inf"), 1e300)],
        *[("reward_key", text) for text in ("", "x" * 257, "a\x00b")],
        ("channel", "x" * 129),
        ("placement_id", "a\nb"),
    ],
)
def test_impossible_reward_is_refused_by_its_field(field: str, value: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_reward(changed(**{field: value}), "rewards[3]", NOW_MS)
    assert caught.value.metadata["field"] == f"rewards[3].{field}"


@pytest.mark.parametrize("time_ms", [-1, NOW_MS + 5 * 60_000 + 1])
def test_reward_from_the_future_or_before_1970_is_refused(time_ms: int) -> None:
    with pytest.raises(InvalidArgument, match="reward_time"):
        check_reward(changed(reward_time_ms=time_ms), "rewards[0]", NOW_MS)


def test_borders_are_allowed() -> None:
    for value in (0.0, 1.0):
        check_reward(changed(reward=value, reward_key="x" * 256, reward_time_ms=NOW_MS + 300_000), "r", NOW_MS)


def test_a_key_of_another_action_is_refused_by_its_field_and_teaches_nothing() -> None:
    items = [reward("a", 0.0), reward("a", 0.0, action="pan"), reward("a", 1.0, action="pan"), reward("a", 1.0)]
    additions, receipt = settle(batch(*items), {})
    assert [(each.reward.action, each.reward.reward) for each in additions] == [("mug", 0.0), ("mug", 1.0)]
    errors = [each.error for each in receipt.outcomes]
    assert [None if error is None else error.metadata["field"] for error in errors] == [
        None,
        "rewards[1].action",
        "rewards[2].action",
        None,
    ]
    assert {error.reason for error in errors if error is not None} == {"REWARD_KEY_TAKEN"}


@pytest.mark.parametrize(("objectives", "is_refused"), [("xy", True), ("xx", False), ("x", False), ("", False)])
def test_a_key_of_another_objective_is_refused_and_a_newer_feature_set_of_its_own_is_not(
    objectives: str, *, is_refused: bool
) -> None:
    held = Held({"a": Holder("mug", "v0")}, dict(zip(("v0", FEATURE_SET.version), objectives, strict=False)))
    additions, receipt = settle(batch(reward("a", 1.0)), {"a": Worth(0.0)}, held)
    error = receipt.outcomes[0].error
    assert len(additions) == (not is_refused)
    assert (error is not None) == is_refused
    assert error is None or error.metadata["field"] == "rewards[0].feature_set_version"
