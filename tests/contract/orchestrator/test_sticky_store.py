"""What every StickyStore promises, on SQLite and on MongoDB."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.orchestrator.app.erase_subject_data import EraseSubjectData
from services.orchestrator.app.sticky_store import StickyStore
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.sticky import StickyProposition

NOW_MS = 1_800_000_000_000
TEA = StickyProposition("home", "green_tea_web", "d_1", 0.25, NOW_MS + 1_000)
COFFEE = StickyProposition("home", "espresso_web", "d_1", 0.5, NOW_MS + 1_000)
SIDE = StickyProposition("side", "green_tea_web", "d_1", 1.0, NOW_MS + 500)


@pytest.fixture
def store(stores: Stores) -> StickyStore:
    return stores.sticky


async def test_what_was_put_comes_back_by_placement_and_rank(stores: Stores, other_stores: Stores) -> None:
    await stores.sticky.put("p_1", "page", (SIDE, COFFEE, TEA), NOW_MS)
    assert await other_stores.sticky.get("p_1", "page", NOW_MS) == (COFFEE, TEA, SIDE)
    assert await other_stores.sticky.get("p_1", "mail", NOW_MS) == ()
    assert await other_stores.sticky.get("p_2", "page", NOW_MS) == ()


async def test_a_placement_is_replaced_whole_and_alone(store: StickyStore) -> None:
    await store.put("p_1", "page", (TEA, COFFEE, SIDE), NOW_MS)
    newer = replace(COFFEE, decision_id="d_2", expire_ms=NOW_MS + 5_000)
    await store.put("p_1", "page", (newer,), NOW_MS)
    assert await store.get("p_1", "page", NOW_MS) == (newer, SIDE)


async def test_what_expired_is_not_served(store: StickyStore) -> None:
    await store.put("p_1", "page", (TEA, SIDE), NOW_MS)
    assert await store.get("p_1", "page", NOW_MS + 499) == (TEA, SIDE)
    assert await store.get("p_1", "page", NOW_MS + 500) == (TEA,)
    assert await store.get("p_1", "page", NOW_MS + 1_000) == ()


async def test_of_one_placement_each_expires_on_its_own(store: StickyStore) -> None:
    later = replace(COFFEE, expire_ms=NOW_MS + 9_000)
    await store.put("p_1", "page", (TEA, later), NOW_MS)
    assert await store.get("p_1", "page", NOW_MS + 1_000) == (later,)


async def test_a_person_is_forgotten(store: StickyStore) -> None:
    for profile_id in ("p_1", "p_2", "p_3"):
        await store.put(profile_id, "page", (TEA,), NOW_MS)
    await store.forget(["p_1", "p_3", "p_9"])
    assert [await store.get(f"p_{n}", "page", NOW_MS) for n in (1, 2, 3)] == [(), (TEA,), ()]


async def test_an_erasure_forgets_what_no_decision_leads_to(stores: Stores) -> None:
    await stores.sticky.put("p_1", "page", (TEA,), NOW_MS)
    erase = EraseSubjectData(stores.erasures, _NoRewards(), lambda: NOW_MS, (stores.sticky.forget,))
    assert await erase(["p_1"]) == ()
    assert await stores.sticky.get("p_1", "page", NOW_MS) == ()


async def test_nothing_is_nothing(store: StickyStore) -> None:
    await store.put("p_1", "page", (), NOW_MS)
    await store.forget([])
    assert await store.get("p_1", "page", NOW_MS) == ()


class _NoRewards:
    """Implements RewardEraser for somebody of whom nothing was learnt."""

    async def erase_rewards(self, request_id: str, decision_ids: object, *, deadline_ms: int) -> None:
        raise AssertionError(f"nothing to erase: {request_id} {decision_ids} {deadline_ms}")
