"""Work in the background goes on after a failure, and ends when it is asked to."""

from __future__ import annotations

import asyncio

from services.profile.app.rounds import Pause, Rounds


async def test_rounds_follow_one_another_whatever_happens_in_one() -> None:
    enough = asyncio.Event()
    begun = 0

    async def work(_: Pause) -> None:
        nonlocal begun
        begun += 1
        if begun == 3:
            enough.set()
        raise RuntimeError("the store is away")

    rounds = Rounds("test", work, 0.001, lambda: 0.5)
    rounds.start()
    await asyncio.wait_for(enough.wait(), 5)
    await rounds.stop()
    after = begun
    await asyncio.sleep(0.02)
    assert begun == after


async def test_a_round_ends_at_its_next_pause() -> None:
    working = asyncio.Event()
    portions = 0

    async def work(pause: Pause) -> None:
        nonlocal portions
        working.set()
        while True:
            portions += 1
            if await pause():
                return

    rounds = Rounds("test", work, 0.001, lambda: 0.0)
    rounds.start()
    await asyncio.wait_for(working.wait(), 5)
    await asyncio.wait_for(rounds.stop(), 5)
    assert portions <= 2


async def test_what_never_began_stops_at_once() -> None:
    rounds = Rounds("test", lambda _: asyncio.sleep(60), 3600, lambda: 0.99)
    rounds.start()
    await asyncio.wait_for(rounds.stop(), 5)
    await Rounds("test", lambda _: asyncio.sleep(60), 3600, lambda: 0.99).stop()
