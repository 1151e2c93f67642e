"""A reward is in the next score of the replica that received it, and soon in those of all others, which agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.support.promises import Promise, is_full_strength
from tests.support.replicas import replicated_scoring
from tests.support.reward_watch import Store
from tests.support.storages import StorageOf

REPLICAS = 3
OWN_S = 0.05
OTHERS_S = 5.0
CUSTOMERS = 5
REWARDS = {"sqlite": 1_000, "mongo": 300}


@pytest.mark.parametrize("kind", ["sqlite", "mongo"])
async def test_a_reward_is_in_the_next_score_here_and_soon_in_those_of_all_replicas(
    promise: Promise, storage_of: StorageOf, tmp_path: Path, kind: str
) -> None:
    singly = promise.strength(reduced=6, full=REWARDS[kind])
    meetings = promise.strength(reduced=1, full=REWARDS[kind] // 10)
    with storage_of(kind) as storage, replicated_scoring(REPLICAS, storage, tmp_path) as servers:
        store = Store([server.address for server in servers], singly, meetings)
        await store.publish()
        seconds = await store.reward_every_action()
        scores = sum(replica.scores for replica in store.replicas)
        positions = await store.positions()
        answers = await store.whole_answers(CUSTOMERS)
        await store.close()
    rewards = singly + meetings * REPLICAS
    promise.figure(f"{kind}: replicas", REPLICAS)
    promise.figure(f"{kind}: rewards, one at a time", singly)
    promise.figure(f"{kind}: rewards, one to every replica at once", meetings * REPLICAS)
    promise.figure(f"{kind}: rewards per second, over all replicas", round(rewards / seconds, 1))
    promise.figure(f"{kind}: scores per second, over all replicas", round(scores / seconds, 1))
    for way, delays in (("one at a time", store.single), ("at once", store.met)):
        tell(promise, f"{kind}, {way}: reward to next score on its replica, ms", [s * 1_000 for s in delays.own_s])
        tell(promise, f"{kind}, {way}: reward to next score on another replica, s", delays.others_s)
        assert len(delays.others_s) == len(delays.own_s) * (REPLICAS - 1)
        assert quantile(delays.own_s, 0.99) < OTHERS_S
        assert quantile(delays.others_s, 0.99) < OTHERS_S
    assert len(store.single.own_s + store.met.own_s) == rewards
    assert positions == [rewards] * REPLICAS
    assert len(set(answers)) == 1, "replicas that learnt the same rewards answer differently"
    if is_full_strength():  # other tests that run at the same time may take as long
        assert quantile(store.single.own_s, 0.99) < OWN_S


def tell(promise: Promise, name: str, values: Sequence[float]) -> None:
    for label, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        promise.figure(f"{name}, {label}", round(quantile(values, share), 3))


def quantile(values: Sequence[float], share: float) -> float:
    """One of the values."""
    return float(np.quantile(values, share, method="higher"))
