"""The model is a fold over the log: replicas agree, restarts change nothing, snapshots only save time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import numpy as np
import pytest

from services.scoring.app.application import Pace, ScoringApplication, Stores
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.posterior import Posterior
from services.scoring.domain.reward_batch import RewardBatch
from services.scoring.domain.scoring import ScoreQuery
from shared.errors import InvalidArgument
from tests.support.observers import Watcher
from tests.support.scoring import ANNA, FEATURE_SET, NOW_MS, learnable, reward, taught

OpenStores = Callable[[], Awaitable[Stores]]
Start = Callable[..., Awaitable[ScoringApplication]]
NAMES = [action.action for action in FEATURE_SET.actions]
QUERY = ScoreQuery(FEATURE_SET.version, ANNA, NAMES)
NEVER = Pace(follow_seconds=3600, snapshot_rewards=10**9)


@pytest.fixture
async def start(open_stores: OpenStores) -> AsyncIterator[Start]:
    """Starts an application on the same place, as another replica or after a restart; `pace` as given."""
    async with AsyncExitStack() as stack:

        async def start_one(pace: Pace = NEVER) -> ScoringApplication:
            app = ScoringApplication(await open_stores(), BayesianScorer(), lambda: NOW_MS, Watcher(), pace)
            await app.start()
            stack.push_async_callback(app.close)
            return app

        yield start_one


def batch_of(*keys: str) -> RewardBatch:
    return RewardBatch("batch", "hash", tuple(reward(key) for key in keys), NOW_MS)


def posterior(app: ScoringApplication) -> Posterior:
    scorer = app.scorer
    assert isinstance(scorer, BayesianScorer)
    return scorer.posterior


def assert_same(one: Posterior, two: Posterior) -> None:
    for name in ("mean", "variance", "scale_mean", "scale_variance", "level"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    assert (one.position, one.evidence, one.offset, one.responses) == (
        two.position,
        two.evidence,
        two.offset,
        two.responses,
    )


async def eventually(is_true: Callable[[], bool]) -> None:
    """Fails after some seconds."""
    for _ in range(400):
        if is_true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to be")


async def teach(app: ScoringApplication, keys: Sequence[int], name: str = "r") -> None:
    """Rewards of random size, each in a request of its own."""
    for key in keys:
        value = float(np.random.default_rng(key).random() < 0.3)
        await app.record_rewards(f"{name}{key}", [reward(f"{name}{key}/hero", value, action=NAMES[key % len(NAMES)])])


async def published(start: Start, pace: Pace = NEVER) -> ScoringApplication:
    app = await start(pace)
    await app.publish_feature_set("publish", FEATURE_SET)
    return app


async def test_reward_is_in_the_next_score_of_the_replica_that_took_it(start: Start) -> None:
    app = await published(start)
    before = await app.score(QUERY)
    recorded = await app.record_rewards("r1", [reward("k1", 1.0)])
    after = await app.score(QUERY)
    assert after.means[0] > before.means[0]
    assert recorded.model_version == after.model_version == app.model_version
    assert after.model_version.endswith("@1")
    assert after.evidences.tolist() == [1.0, 0.0, 0.0, 0.0]


async def test_two_replicas_reach_the_same_posterior_after_interleaved_rewards(start: Start) -> None:
    one, two = await published(start), await start(Pace(follow_seconds=0.02))
    await asyncio.gather(teach(one, range(25), "one"), teach(two, range(25), "two"))
    await one.record_rewards("more", [reward(f"more{index}", 0.0) for index in range(40)])
    await two.record_rewards("last", [reward("last", 1.0)])
    await one.record_rewards("last", [reward("last", 1.0)])  # a repeated request brings this replica up to date
    assert posterior(one).position == 91
    assert_same(posterior(one), posterior(two))


async def test_other_replicas_see_a_reward_within_the_follow_interval(start: Start) -> None:
    one, two = await published(start), await start(Pace(follow_seconds=0.02))
    await teach(one, range(3))
    await eventually(lambda: posterior(two).position == 3)
    assert_same(posterior(one), posterior(two))


async def test_restart_without_a_snapshot_equals_uninterrupted(start: Start, stores: Stores) -> None:
    app = await published(start)
    await teach(app, range(30))
    assert list(await stores.snapshots.latest(app.scorer.model_id)) == []
    assert_same(posterior(await start()), posterior(app))


async def test_snapshot_and_tail_equal_the_full_fold(start: Start, stores: Stores) -> None:
    app = await published(start)
    await teach(app, range(20))
    await app.close()
    await teach(app, range(20, 30))
    assert len(await stores.snapshots.latest(app.scorer.model_id)) == 1
    restarted = await start()
    assert_same(posterior(restarted), posterior(app))
    assert_same(posterior(restarted), taught(learnable(await stores.rewards.read(0, 1000))).posterior)


async def test_snapshots_are_written_while_running(start: Start, stores: Stores) -> None:
    app = await published(start, Pace(follow_seconds=0.01, snapshot_rewards=5))
    await teach(app, range(5))
    for _ in range(200):
        contents = await stores.snapshots.latest(app.scorer.model_id)
        if contents:
            break
        await asyncio.sleep(0.02)
    assert BayesianScorer().restored(contents[0]).position == 5


async def test_damaged_snapshot_is_left_for_an_older_good_one(
    start: Start, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    app = await published(start)
    await teach(app, range(10))
    await app.close()
    await teach(app, range(10, 15))
    await stores.snapshots.save(app.scorer.model_id, 15, b"x" * 1000)
    with caplog.at_level(logging.WARNING, "tandem.scoring"):
        restarted = await start()
    assert "a model snapshot is not used" in caplog.text
    assert_same(posterior(restarted), posterior(app))


async def test_snapshot_ahead_of_the_log_is_not_used(
    start: Start, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    """The store was restored from a backup that is older than the snapshot."""
    app = await published(start)
    await teach(app, range(3))
    ahead = taught(learnable(await stores.rewards.read(0, 10)))
    ahead.posterior.position = 1000
    await stores.snapshots.save(ahead.model_id, 1000, ahead.snapshot())
    with caplog.at_level(logging.WARNING, "tandem.scoring"):
        restarted = await start()
    assert "a model snapshot is not used" in caplog.text
    assert_same(posterior(restarted), posterior(app))


async def test_repeated_request_and_repeated_reward_are_learnt_once(start: Start) -> None:
    app = await published(start)
    first = await app.record_rewards("r1", [reward("k", 0.0)])
    await app.record_rewards("r2", [reward("k", 1.0)])
    moved = posterior(app).mean.copy()
    again = await app.record_rewards("r1", [reward("k", 0.0)])  # a late retry does not take the click back
    same = await app.record_rewards("r3", [reward("k", 1.0)])
    assert again.outcomes == first.outcomes
    assert same.outcomes[0].is_duplicate
    assert np.array_equal(posterior(app).mean, moved)
    assert posterior(app).evidence == {"mug": 1}
    assert isinstance(app, ScoringApplication)


async def test_results_are_counted(open_stores: OpenStores) -> None:
    watcher = Watcher()
    app = ScoringApplication(await open_stores(), BayesianScorer(), lambda: NOW_MS, watcher, NEVER)
    await app.start()
    await app.publish_feature_set("p", FEATURE_SET)
    rewards = [reward("a", 0.0), reward("a", 1.0), reward("a", 1.0), reward("b", float("nan"))]
    for _ in range(2):
        await app.record_rewards("r", rewards)
    assert watcher.results == {"learnt": 1, "corrected": 1, "duplicate": 1, "refused": 1}
    await app.close()


async def test_scoring_in_a_thread_and_learning_do_not_disturb_one_another(start: Start) -> None:
    app = await published(start)
    many = ScoreQuery(FEATURE_SET.version, ANNA, NAMES * 10_000)
    scores, _ = await asyncio.gather(app.score(many), teach(app, range(10)))
    assert scores.means[:4].tolist() == scores.means[-4:].tolist()
    assert posterior(app).position == 10


async def test_erasure_changes_no_replica_and_no_restart(start: Start, stores: Stores) -> None:
    one, late = await published(start), await start()
    await teach(one, range(20))
    keys = [entry.reward.reward_key for entry in learnable(await stores.rewards.read(0, 100))]
    assert await one.erase_subject_data("erase", [key.partition("/")[0] for key in keys[3:6]]) == 3
    await teach(one, range(20, 25))
    await teach(late, range(25, 26))
    assert posterior(late).position == 26
    await one.record_rewards("nothing new", [reward("r0/hero", float(np.random.default_rng(0).random() < 0.3))])
    await one.record_rewards("one more", [reward("x/hero")])
    await late.record_rewards("another", [reward("y/hero")])
    await one.record_rewards("last", [reward("z/hero")])
    await late.record_rewards("last", [reward("z/hero")])
    assert_same(posterior(one), posterior(late))
    assert_same(posterior(await start()), posterior(one))


async def test_what_nobody_can_learn_any_more_is_passed_by(start: Start, stores: Stores) -> None:
    """An entry was erased that no snapshot had learnt."""
    app = await published(start)
    await stores.rewards.append(batch_of(*(f"d{index}/hero/mug/WEB" for index in range(4))))
    await stores.rewards.erase(["d1", "d3"])
    await app.record_rewards("next", [reward("d9/hero/mug/WEB")])
    assert posterior(app).position == 5
    assert posterior(app).evidence == {"mug": 3}


async def test_an_erasure_names_decisions(start: Start) -> None:
    app = await start()
    with pytest.raises(InvalidArgument, match=r"decision_ids\[1\]"):
        await app.erase_subject_data("r", ["d1", ""])
    with pytest.raises(InvalidArgument, match="decision_ids"):
        await app.erase_subject_data("r", ["d"] * 10_001)
    with pytest.raises(InvalidArgument, match="request_id"):
        await app.erase_subject_data("", ["d"])
    assert await app.erase_subject_data("r", []) == 0
