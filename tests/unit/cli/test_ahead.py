"""Preparing ahead keeps order and window, and hides no failure."""

from __future__ import annotations

import asyncio
import random

import pytest

from services.cli.demo.ahead import ahead


async def test_results_come_in_the_order_of_the_items_however_long_each_takes() -> None:
    rng = random.Random(5)

    async def double(number: int) -> int:
        await asyncio.sleep(rng.random() / 500)
        return 2 * number

    assert [pair async for pair in ahead(range(40), double, window=7)] == [(n, 2 * n) for n in range(40)]


@pytest.mark.parametrize("window", [1, 3, 10])
async def test_no_more_than_the_window_are_under_way(window: int) -> None:
    under_way, most = 0, 0

    async def prepare(_: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1

    async for _ in ahead(range(20), prepare, window=window):
        pass
    assert most == min(window, 20)


async def test_failure_comes_when_the_turn_of_its_item_comes() -> None:
    async def prepare(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    prepared = ahead(range(5), prepare, window=5)
    assert [await anext(prepared), await anext(prepared)] == [(0, 0), (1, 1)]
    with pytest.raises(ValueError, match="two"):
        await anext(prepared)
