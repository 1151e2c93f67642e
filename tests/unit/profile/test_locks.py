"""Writers of one process to one person take turns; others do not wait."""

from __future__ import annotations

import asyncio

from services.profile.app.locks import KeyedLocks


async def test_holders_of_a_common_key_take_turns() -> None:
    locks = KeyedLocks()
    inside: list[str] = []

    async def work(name: str, *keys: str) -> None:
        async with locks.hold(keys):
            inside.append(name)
            await asyncio.sleep(0)
            inside.append(name)

    await asyncio.gather(work("a", "1", "2"), work("b", "2", "1"), work("c", "2", "3", "2"))
    assert inside[::2] == inside[1::2], "nobody came in between"
    assert sorted(inside) == ["a", "a", "b", "b", "c", "c"]


async def test_holders_of_different_keys_work_side_by_side() -> None:
    locks = KeyedLocks()
    both = asyncio.Barrier(2)

    async def work(key: str) -> None:
        async with locks.hold([key]):
            await asyncio.wait_for(both.wait(), 5)

    await asyncio.gather(work("1"), work("2"))


async def test_a_key_is_free_again_after_a_failure_and_leaves_nothing_behind() -> None:
    locks = KeyedLocks()
    for _ in range(2):
        try:
            async with locks.hold(["1"]):
                raise RuntimeError
        except RuntimeError:
            continue
    assert not locks._locks
    assert not locks._users
