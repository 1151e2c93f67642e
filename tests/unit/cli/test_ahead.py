"""Preparing ahead keeps order and batches, and hides no failure."""

from __future__ import annotations

import asyncio
import random

import pytest

from services.cli.demo.ahead import ahead


@pytest.mark.parametrize("batch", [1, 7, 100])
async def test_results_come_in_the_order_of_the_items_however_long_each_takes(batch: int) -> None:
    rng = random.Random(5)

    async def double(number: int) -> int:
        await asyncio.sleep(rng.random() / 500)
        return 2 * number

    assert [pair async for pair in ahead(range(40), double, batch=batch)] == [(n, 2 * n) for n in range(40)]


async def test_next_batch_is_under_way_while_one_is_used_and_no_more_than_that() -> None:
    started = []

    async def prepare(number: int) -> None:
        started.append(number)

    used = []
    async for number, _ in ahead(range(12), prepare, batch=4):
        used.append(number)
        await asyncio.sleep(0)
        assert started == list(range(min(12, 4 * (number // 4 + 2))))
    assert used == list(range(12))


async def test_failure_comes_when_the_turn_of_its_item_comes() -> None:
    async def prepare(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    prepared = ahead(range(5), prepare, batch=5)
    assert [await anext(prepared), await anext(prepared)] == [(0, 0), (1, 1)]
    with pytest.raises(ValueError, match="two"):
        await anext(prepared)


async def test_what_is_under_way_is_cancelled_when_the_use_ends_early() -> None:
    cancelled = []

    async def prepare(number: int) -> int:
        if number > 0:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(number)
                raise
        return number

    prepared = ahead(range(4), prepare, batch=2)
    assert await anext(prepared) == (0, 0)
    await asyncio.sleep(0)
    await prepared.aclose()
    await asyncio.sleep(0)
    assert cancelled == [1, 2, 3]
