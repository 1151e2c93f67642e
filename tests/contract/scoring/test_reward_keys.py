"""A reward key is of one presentation: nothing else is corrected by it, whichever replica is asked and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from services.scoring.app.application import Pace, ScoringApplication, Stores
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.reward_batch import RewardOutcome
from services.scoring.domain.rewards import Reward
from services.scoring.domain.scoring import ScoreQuery
from shared.errors import InvalidArgument
from tests.support.base_forests import CROSSED_SET
from tests.support.observers import Watcher
from tests.support.scoring import ANNA, NOW_MS, learnable
from tests.support.serving import digests, eventually, reward

OpenStores = Callable[[], Awaitable[Stores]]
Start = Callable[[], Awaitable[ScoringApplication]]
CLICKS = replace(CROSSED_SET, objective="click")
NEWER = replace(CROSSED_SET, prior_propensity=0.2)
QUERY = ScoreQuery(CROSSED_SET.version, ANNA, ["mug", "pan"])


@pytest.fixture
async def start(open_stores: OpenStores) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def start_one() -> ScoringApplication:
            pace = Pace(follow_seconds=0.05)
            app = ScoringApplication(await open_stores(), BayesianScorer(), lambda: NOW_MS, Watcher(), pace)
            await app.start()
            stack.push_async_callback(app.close)
            return app

        yield start_one


def of_key(key: str, value: float, action: str = "mug", version: str = CROSSED_SET.version) -> Reward:
    return replace(reward(key, value), reward_key=key, action=action, feature_set_version=version)


async def published(app: ScoringApplication) -> ScoringApplication:
    for index, feature_set in enumerate((CROSSED_SET, CLICKS, NEWER)):
        await app.publish_feature_set(f"publish {index}", feature_set)
    return app


def refused(outcome: RewardOutcome, field: str) -> bool:
    error = outcome.error
    found = isinstance(error, InvalidArgument) and error.reason == "REWARD_KEY_TAKEN"
    return found and error is not None and error.metadata["field"] == field


async def test_keys_of_another_action_or_objective_are_refused_and_nothing_is_learnt(
    start: Start, stores: Stores
) -> None:
    one, other = await published(await start()), await start()
    await one.record_rewards("first", [of_key(f"k{index}", 1.0) for index in range(30)])
    before = (await one.score(QUERY)).means.tolist()
    for app, name in ((one, "one"), (other, "other")):
        swapped = await app.record_rewards(f"{name} action", [of_key(f"k{index}", 0.0, "pan") for index in range(30)])
        same = await app.record_rewards(f"{name} same", [of_key("k0", 1.0, "pan")])
        clicks = await app.record_rewards(f"{name} clicks", [of_key("k0", 0.0, version=CLICKS.version)])
        assert all(refused(each, f"rewards[{index}].action") for index, each in enumerate(swapped.outcomes))
        assert refused(same.outcomes[0], "rewards[0].action")
        assert refused(clicks.outcomes[0], "rewards[0].feature_set_version")
    assert (await one.score(QUERY)).means.tolist() == before
    assert await stores.rewards.last_position() == 30
    again = await one.record_rewards("one same", [of_key("k0", 1.0, "pan")])
    assert refused(again.outcomes[0], "rewards[0].action"), "a repeated request is answered the same"


async def test_a_key_is_corrected_under_a_newer_feature_set_of_its_objective(start: Start, stores: Stores) -> None:
    app = await published(await start())
    await app.record_rewards("first", [of_key("k", 0.0)])
    later = await app.record_rewards("later", [of_key("k", 1.0, version=NEWER.version)])
    assert later.outcomes[0].error is None
    assert [each.previous_reward for each in learnable(await stores.rewards.read(0, 9))] == [None, 0.0]


async def test_of_two_replicas_that_use_a_new_key_at_once_for_two_presentations_one_is_refused(
    start: Start, stores: Stores
) -> None:
    one, other = await published(await start()), await start()
    calls = []
    for index in range(12):
        key = f"k{index}"
        second = of_key(key, 0.0, "pan") if index % 2 else of_key(key, 0.0, version=CLICKS.version)
        calls += [one.record_rewards(f"a{index}", [of_key(key, 1.0)]), other.record_rewards(f"b{index}", [second])]
    recorded = await asyncio.gather(*calls)
    for pair in zip(recorded[::2], recorded[1::2], strict=True):
        errors = [each.outcomes[0].error for each in pair]
        assert sorted(error is None for error in errors) == [False, True]
        assert {error.reason for error in errors if error is not None} == {"REWARD_KEY_TAKEN"}
    assert await stores.rewards.last_position() == 12
    await eventually(lambda: digests(one) == digests(other))
