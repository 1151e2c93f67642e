"""What the application expects of its stores."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.scoring.adapters import sqlite_tables
from services.scoring.adapters.sqlite_reward_log import SqliteRewardLog
from services.scoring.app.application import Stores
from services.scoring.domain.feature_set import ActionDeclaration, FeatureDeclaration, FeatureSet
from services.scoring.domain.reward_batch import RewardBatch, RewardOutcome
from services.scoring.domain.rewards import ErasedEntry, Outline, Prediction, Reward
from shared.errors import AlreadyExists, InvalidArgument, NotFound
from shared.sqlite import SqliteDatabase
from shared.values import NOT_FOUND, NULL, AttributeType, Feature, FeatureStatus, Value, present
from tests.support.scoring import FEATURE_SET, NOW_MS, learnable, reward

OpenStores = Callable[[], Awaitable[Stores]]
MOMENT = datetime.datetime(2026, 2, 3, 4, 5, 6, 789_000, tzinfo=datetime.UTC)
VALUES: list[Value] = [
    True,
    0,
    -(2**63),
    2**63 - 1,
    0.0,
    1e300,
    "",
    "héllo\x00",
    MOMENT,
    (),
    ("a", "b"),
    (1, 2),
    (0.5,),
    (False,),
    (MOMENT,),
]


def batch(
    request_id: str, *items: Reward | RewardOutcome, body_hash: str = "hash", time_ms: int = NOW_MS
) -> RewardBatch:
    return RewardBatch(request_id, body_hash, items, time_ms)


async def test_feature_set_comes_back_as_it_was(stores: Stores) -> None:
    attributes = {f"a{index}": value for index, value in enumerate(VALUES)}
    feature_set = FeatureSet(
        tuple(FeatureDeclaration(f"f{int(kind)}", kind) for kind in AttributeType),
        (ActionDeclaration("a", "g", "i", {**attributes, "none": None}),),
        0.25,
    )
    await stores.feature_sets.put("r1", feature_set)
    stored = await stores.feature_sets.get(feature_set.version)
    assert stored == feature_set
    assert stored is not None
    assert stored.version == feature_set.version


async def test_unknown_feature_set_is_none(stores: Stores) -> None:
    assert await stores.feature_sets.get("features_unknown") is None


async def test_publishing_again_is_the_same_and_another_content_under_its_request_is_refused(stores: Stores) -> None:
    for request_id in ("r1", "r1", "r2"):
        await stores.feature_sets.put(request_id, FEATURE_SET)
    with pytest.raises(AlreadyExists) as caught:
        await stores.feature_sets.put("r1", replace(FEATURE_SET, prior_propensity=0.5))
    assert caught.value.reason == "REQUEST_ID_REUSED"
    assert await stores.feature_sets.get(replace(FEATURE_SET, prior_propensity=0.5).version) is None


async def test_log_is_empty_at_first(stores: Stores) -> None:
    assert await stores.rewards.last_position() == 0
    assert list(await stores.rewards.read(0, 10)) == []
    assert await stores.rewards.receipt("r1") is None


async def test_entries_come_back_as_they_were_in_order_and_page_by_page(stores: Stores) -> None:
    features = {f"f{index}": present(value) for index, value in enumerate(VALUES)}
    features |= {"n": NULL, "m": NOT_FOUND, "s": Feature("old", FeatureStatus.STALE)}
    rewards = [reward(f"k{index}", index / 10, features=features) for index in range(5)]
    first = await stores.rewards.append(batch("r1", *rewards[:3]))
    second = await stores.rewards.append(batch("r2", *rewards[3:]))
    assert [entry.position for entry in first.entries + second.entries] == [1, 2, 3, 4, 5]
    assert tuple(await stores.rewards.read(0, 10)) == first.entries + second.entries
    assert [entry.position for entry in await stores.rewards.read(2, 2)] == [3, 4]
    assert [entry.reward for entry in learnable(await stores.rewards.read(0, 10))] == rewards
    assert await stores.rewards.last_position() == 5


async def test_latest_reward_of_a_key_is_the_next_ones_previous(stores: Stores) -> None:
    await stores.rewards.append(batch("r1", reward("k", 0.0)))
    again = await stores.rewards.append(batch("r2", reward("k", 0.0), reward("k", 1.0), reward("k", 0.5)))
    assert [outcome.is_duplicate for outcome in again.receipt.outcomes] == [True, False, False]
    back = await stores.rewards.append(batch("r3", reward("k", 0.0)))
    entries = learnable(await stores.rewards.read(0, 10))
    assert [entry.previous_reward for entry in entries] == [None, 0.0, 1.0, 0.5]
    assert back.entries[0].position == 4


async def test_repeated_request_adds_nothing_and_is_answered_as_before(stores: Stores) -> None:
    refused = RewardOutcome(
        "b", error=InvalidArgument.field("rewards[1].action", "is unknown", reason="UNKNOWN_ACTION")
    )
    missing = RewardOutcome("c", error=NotFound("FEATURE_SET_NOT_FOUND", "none", metadata={"feature_set_version": "f"}))
    first = await stores.rewards.append(batch("r1", reward("a"), refused, missing))
    again = await stores.rewards.append(batch("r1", reward("a"), refused, missing))
    assert (again.entries, again.is_repeat) == ((), True)
    for receipt in (again.receipt, await stores.rewards.receipt("r1")):
        assert receipt is not None
        assert [each.reward_key for each in receipt.outcomes] == ["a", "b", "c"]
        errors = [each.error for each in receipt.outcomes]
        assert errors[0] is None
        for error, original in ((errors[1], refused.error), (errors[2], missing.error)):
            assert error is not None
            assert original is not None
            assert type(error) is type(original)
            assert (error.reason, error.message, error.metadata) == (
                original.reason,
                original.message,
                original.metadata,
            )
            assert error.violations == original.violations
    assert len(await stores.rewards.read(0, 10)) == 1
    assert first.is_repeat is False


async def test_request_id_with_another_body_is_refused_and_adds_nothing(stores: Stores) -> None:
    await stores.rewards.append(batch("r1", reward("a")))
    with pytest.raises(AlreadyExists):
        await stores.rewards.append(batch("r1", reward("b"), body_hash="other"))
    assert len(await stores.rewards.read(0, 10)) == 1


async def test_batch_of_refusals_is_remembered_too(stores: Stores) -> None:
    refused = RewardOutcome("b", error=InvalidArgument.field("x", "is wrong"))
    appended = await stores.rewards.append(batch("r1", refused))
    assert appended.entries == ()
    assert await stores.rewards.receipt("r1") is not None
    assert await stores.rewards.last_position() == 0


async def test_concurrent_appends_of_two_processes_have_gapless_positions_and_one_first_reward_per_key(
    open_stores: OpenStores,
) -> None:
    """Two openings of one place; both reward the same keys at the same time."""
    one, two = await open_stores(), await open_stores()
    await asyncio.gather(
        *(
            each.rewards.append(batch(f"{name}{number}", *(reward(f"k{number}-{i}", number / 20) for i in range(3))))
            for number in range(12)
            for name, each in (("one", one), ("two", two))
        )
    )
    entries = learnable(await one.rewards.read(0, 100))
    assert [entry.position for entry in entries] == list(range(1, 37))
    assert all(entry.previous_reward is None for entry in entries)
    assert len({entry.reward.reward_key for entry in entries}) == 36


async def test_reader_never_sees_a_position_before_those_below_it(open_stores: OpenStores) -> None:
    writers, reader = [await open_stores() for _ in range(2)], await open_stores()
    seen: list[int] = []
    done = asyncio.Event()

    async def follow() -> None:
        while True:
            is_last = done.is_set()
            entries = await reader.rewards.read(seen[-1] if seen else 0, 7)
            seen.extend(entry.position for entry in entries)
            if is_last and not entries:
                return
            await asyncio.sleep(0)

    async def write(writer: Stores, name: str) -> None:
        for number in range(15):
            await writer.rewards.append(batch(f"{name}{number}", *(reward(f"{name}{number}-{i}") for i in range(3))))

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(writer, f"w{index}-") for index, writer in enumerate(writers)))
    done.set()
    await following
    assert seen == list(range(1, 91))


async def test_latest_two_snapshots_of_a_model_are_kept(stores: Stores) -> None:
    assert list(await stores.snapshots.latest("m")) == []
    for position in (5, 7, 9, 9):
        await stores.snapshots.save("m", position, f"{position}".encode())
    await stores.snapshots.save("other", 100, b"other")
    assert list(await stores.snapshots.latest("m")) == [b"9", b"7"]
    assert list(await stores.snapshots.latest("other")) == [b"other"]


async def test_a_replica_that_is_behind_does_not_remove_newer_snapshots(stores: Stores) -> None:
    for position in (10, 20, 5):
        await stores.snapshots.save("m", position, f"{position}".encode())
    assert list(await stores.snapshots.latest("m")) == [b"20", b"10"]


async def test_snapshot_of_a_full_table_fits(stores: Stores) -> None:
    content = bytes(range(256)) * (5 * 2**12)
    await stores.snapshots.save("m", 1, content)
    assert list(await stores.snapshots.latest("m")) == [content]


async def test_erased_entries_keep_their_places_and_nothing_else(stores: Stores) -> None:
    keys = ("d1/hero/mug/WEB", "d10/hero/mug/WEB", "d1/hero/pan/WEB", "d2/hero/mug/WEB", "d1")
    await stores.rewards.append(batch("r1", *(reward(key) for key in keys)))
    assert await stores.rewards.erase(["d1", "nobody"]) == 2
    entries = await stores.rewards.read(0, 10)
    assert [entry.position for entry in entries] == [1, 2, 3, 4, 5]
    assert [isinstance(entry, ErasedEntry) for entry in entries] == [True, False, True, False, False]
    assert [entry.reward.reward_key for entry in learnable([entries[1], *entries[3:]])] == [
        "d10/hero/mug/WEB",
        "d2/hero/mug/WEB",
        "d1",
    ]
    assert await stores.rewards.erase(["d1"]) == 0
    again = await stores.rewards.append(batch("r2", reward(keys[0])))
    assert again.entries[0].previous_reward is None


async def test_entries_of_an_older_version_are_erased_too(tmp_path: Path) -> None:
    """Their rows do not name their keys."""
    database = await SqliteDatabase.open(tmp_path / "s.db", schema=sqlite_tables.SCHEMA)
    log = SqliteRewardLog(database)
    await log.append(batch("r1", reward("d1/hero/mug/WEB"), reward("d2/hero/mug/WEB")))
    await database.write(lambda connection: connection.execute("UPDATE reward SET reward_key = NULL"))
    assert await log.erase(["d1"]) == 1
    assert [isinstance(entry, ErasedEntry) for entry in await log.read(0, 10)] == [True, False]
    await database.close()


async def test_log_is_read_from_its_end_page_by_page(stores: Stores) -> None:
    await stores.rewards.append(batch("r1", *(reward(f"d{index}/hero") for index in range(7))))
    await stores.rewards.erase(["d3"])
    pages = [await stores.rewards.read_back(before, 3) for before in (None, 5, 2, 1)]
    assert [[entry.position for entry in page] for page in pages] == [[7, 6, 5], [4, 3, 2], [1], []]
    assert list(reversed([entry for page in pages for entry in page])) == list(await stores.rewards.read(0, 10))


async def test_outlines_say_what_the_entries_do(stores: Stores) -> None:
    said = Prediction("m@1", 0.25, 0.5, "n@1", 0.125, NOW_MS - 5)
    shown = [replace(reward(f"d{index}/hero"), prediction=said if index % 2 else None) for index in range(4)]
    await stores.rewards.append(batch("r1", *shown))
    await stores.rewards.append(batch("r2", replace(shown[1], reward=0.5, reward_time_ms=NOW_MS + 9, prediction=None)))
    await stores.rewards.erase(["d3"])
    entries = await stores.rewards.read_back(6, 5)
    expected = [
        entry
        if isinstance(entry, ErasedEntry)
        else Outline(
            entry.position,
            entry.reward.reward_key,
            entry.reward.feature_set_version,
            entry.reward.reward,
            entry.reward.reward_time_ms or 0,
            entry.previous_reward is None,
            entry.reward.prediction,
        )
        for entry in entries
    ]
    assert [*await stores.rewards.outlines_back(None, 3), *await stores.rewards.outlines_back(3, 3)] == expected
    assert expected[0] == Outline(5, "d1/hero", FEATURE_SET.version, 0.5, NOW_MS + 9, False, None)


async def test_what_keys_are_worth_now(stores: Stores) -> None:
    shown = [reward(f"d{index}/hero", 0.0) for index in range(1_500)]
    for start in (0, 750):
        await stores.rewards.append(batch(f"r{start}", *shown[start : start + 750]))
    await stores.rewards.append(batch("later", replace(shown[7], reward=1.0)))
    await stores.rewards.erase(["d3"])
    found = await stores.rewards.rewards_of([*(each.reward_key for each in shown), "unknown"])
    assert found == {each.reward_key: float(each is shown[7]) for each in shown if each is not shown[3]}
    assert await stores.rewards.rewards_of([]) == {}


async def test_objectives_are_those_of_the_feature_sets(stores: Stores) -> None:
    assert list(await stores.feature_sets.objectives()) == []
    for number, objective in enumerate(("success", "open", "click", "open")):
        published = replace(FEATURE_SET, objective=objective, prior_propensity=0.1 + number / 100)
        await stores.feature_sets.put(f"r{number}", published)
    assert list(await stores.feature_sets.objectives()) == ["click", "open", "success"]
