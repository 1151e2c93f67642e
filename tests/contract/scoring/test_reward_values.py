"""Values of rewards: kept by both stores, told over the wire, learnt by every replica, gone with who is erased."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.adapters import sqlite_tables
from services.scoring.adapters.encoding import decode_feature_set, encode_feature_set
from services.scoring.adapters.sqlite_reward_log import SqliteRewardLog
from services.scoring.api import mapping
from services.scoring.app.application import Pace, ScoringApplication, Stores
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.reward_batch import RewardBatch
from services.scoring.domain.rewards import Reward, Worth
from services.scoring.domain.scoring import ScoreQuery
from services.scoring.domain.training.presentations import PresentationReader
from shared.clock import system_clock
from shared.errors import InvalidArgument
from shared.sqlite import SqliteDatabase, StoreSchema
from tests.support.observers import Watcher
from tests.support.scoring import ANNA, FEATURE_SET, NOW_MS, learnable, reward

OpenStores = Callable[[], Awaitable[Stores]]
VALUED = replace(FEATURE_SET, prior_value=40.0)


def valued(key: str, value: float | None, gained: float = 1.0, action: str = "mug") -> Reward:
    return replace(reward(key, gained, action=action), feature_set_version=VALUED.version, value=value)


def batch(request_id: str, *items: Reward) -> RewardBatch:
    return RewardBatch(request_id, "hash", items, NOW_MS)


async def test_values_come_back_each_with_the_one_before(stores: Stores) -> None:
    steps = [valued("k", None, 0.0), valued("k", 20.5), valued("k", 20.5), valued("k", 15.25), valued("k", None)]
    for number, each in enumerate(steps):
        appended = await stores.rewards.append(batch(f"r{number}", each))
        assert appended.receipt.outcomes[0].is_duplicate == (number == 2)
    entries = learnable(await stores.rewards.read(0, 10))
    assert [(each.previous_reward, each.previous_value, each.reward.value) for each in entries] == [
        (None, None, None),
        (0.0, None, 20.5),
        (1.0, 20.5, 15.25),
        (1.0, 15.25, None),
    ]


async def test_a_feature_set_comes_back_with_what_it_expects_of_a_success(stores: Stores) -> None:
    await stores.feature_sets.put("r1", VALUED)
    assert await stores.feature_sets.get(VALUED.version) == VALUED


async def test_an_erased_value_is_in_no_training_and_its_key_begins_anew(stores: Stores) -> None:
    await stores.rewards.append(batch("r1", valued("d1/home/mug/WEB", 20.0), valued("d2/home/mug/WEB", 30.0)))
    assert await stores.rewards.erase(["d1"]) == 1
    reader = PresentationReader()
    for entry in learnable([each for each in await stores.rewards.read(0, 10) if hasattr(each, "reward")]):
        reader.add(entry, VALUED)
    assert [key for key in reader.presentations().values() if key == key] == [30.0]
    again = await stores.rewards.append(batch("r2", valued("d1/home/mug/WEB", 20.0)))
    assert again.entries[0].previous_value is None


async def test_sqlite_learns_on_from_a_log_of_before_there_were_values(tmp_path: Path) -> None:
    old = StoreSchema("scoring", sqlite_tables.SCHEMA.migrations[:-1])
    database = await SqliteDatabase.open(tmp_path / "s.db", schema=old)
    await database.write(lambda connection: connection.execute("INSERT INTO reward_key VALUES ('k', 1.0)"))
    await database.close()
    database = await SqliteDatabase.open(tmp_path / "s.db", schema=sqlite_tables.SCHEMA)
    log = SqliteRewardLog(database)
    assert (await log.append(batch("r1", valued("k", None)))).entries == ()
    (entry,) = (await log.append(batch("r2", valued("k", 9.0)))).entries
    assert (entry.previous_reward, entry.previous_value, entry.reward.worth) == (1.0, None, Worth(1.0, 9.0))
    await database.close()


async def test_replicas_answer_the_same_expected_values_bit_by_bit(open_stores: OpenStores) -> None:
    one, two = application(await open_stores()), application(await open_stores())
    await one.start()
    await one.publish_feature_set("p", VALUED)
    await two.start()
    try:
        for number in range(20):
            app = (one, two)[number % 2]
            half, actions = number // 2, ("mug", "pan")
            told = [
                valued(f"k{number}", 10.0 * number, action=actions[number % 2]),
                valued(f"k{half}", 3.0, action=actions[half % 2]),
            ]
            outcomes = (await app.record_rewards(f"r{number}", told)).outcomes
            assert [each.error for each in outcomes] == [None, None]
        for app in (one, two):
            await app.in_use.catch_up()
        query = ScoreQuery(VALUED.version, ANNA, [action.action for action in VALUED.actions])
        first, second = [mapping.scores_to_proto(await app.score(query)) for app in (one, two)]
        assert first == second
        assert len(set(first.expected_values)) > 1
    finally:
        await two.close()
        await one.close()


async def test_a_value_for_who_learns_none_is_refused_and_the_other_rewards_are_taken(stores: Stores) -> None:
    app = application(stores)
    await app.start()
    try:
        await app.publish_feature_set("p1", FEATURE_SET)
        await app.publish_feature_set("p2", VALUED)
        told = [replace(reward("a"), value=3.0), valued("b", 3.0), valued("c", float("nan")), valued("d", 1.0, 0.0)]
        outcomes = (await app.record_rewards("r", told)).outcomes
        found = [each.error and [violation.field for violation in each.error.violations] for each in outcomes]
        assert found == [["rewards[0].value"], None, ["rewards[2].value"], ["rewards[3].value"]]
        assert [each.reward.value for each in learnable(await stores.rewards.read(0, 9))] == [3.0]
    finally:
        await app.close()


@pytest.mark.parametrize("prior", [-1.0, float("nan"), float("inf"), 1.1e12])
async def test_a_prior_value_that_is_none_is_refused(stores: Stores, prior: float) -> None:
    app = application(stores)
    await app.start()
    try:
        with pytest.raises(InvalidArgument, match=r"feature_set\.prior_value: must be from 0 to"):
            await app.publish_feature_set("p", replace(FEATURE_SET, prior_value=prior))
    finally:
        await app.close()


def test_the_wire_tells_no_value_from_a_value_of_nothing() -> None:
    read = mapping.rewards_from_proto([pb.Reward(reward_key="k", reward=1.0), pb.Reward(reward_key="k", value=0.0)])
    assert [each.value for each in read if isinstance(each, Reward)] == [None, 0.0]


def test_a_stored_feature_set_of_before_learns_no_amounts() -> None:
    assert decode_feature_set(encode_feature_set(FEATURE_SET)) == FEATURE_SET


def application(stores: Stores) -> ScoringApplication:
    return ScoringApplication(stores, BayesianScorer(), system_clock, Watcher(), Pace())
