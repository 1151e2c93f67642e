"""Many small calls go together, each gets its own answer, and none an older one than it may."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from services.profile.adapters.combining import Combiner


class Server:
    """Doubles numbers, refuses negative ones, and remembers how it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.is_down = False

    async def serve(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(numbers))
        await asyncio.sleep(0)
        if self.is_down:
            raise ConnectionError
        return [ValueError(number) if number < 0 else 2 * number for number in numbers]


def combined(server: Server, max_weight: int = 100) -> Combiner[int, int]:
    return Combiner(server.serve, weigh=abs, max_weight=max_weight)


async def test_what_arrives_during_a_round_trip_goes_together_in_the_next() -> None:
    server = Server()
    combiner = combined(server)
    first = asyncio.create_task(combiner.ask(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(combiner.ask(number)) for number in (2, 3, 4)]
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert server.batches == [[1], [2, 3, 4]]


async def test_a_batch_is_bounded_by_weight_but_holds_at_least_one() -> None:
    server = Server()
    combiner = combined(server, max_weight=5)
    assert await asyncio.gather(*map(combiner.ask, (9, 2, 3, 1))) == [18, 4, 6, 2]
    assert server.batches == [[9], [2, 3], [1]]


async def test_a_question_that_fails_leaves_the_others_alone() -> None:
    combiner = combined(Server())
    results = await asyncio.gather(*map(combiner.ask, (1, -2, 3)), return_exceptions=True)
    assert (results[0], results[2]) == (2, 6)
    assert isinstance(results[1], ValueError)


async def test_a_server_that_is_down_fails_everyone_and_is_asked_again_later() -> None:
    server = Server()
    combiner = combined(server)
    server.is_down = True
    results = await asyncio.gather(*map(combiner.ask, (1, 2)), return_exceptions=True)
    assert all(isinstance(result, ConnectionError) for result in results)
    server.is_down = False
    assert await combiner.ask(5) == 10


async def test_a_caller_who_left_is_not_asked_for() -> None:
    server = Server()
    combiner = combined(server)
    kept, gone = asyncio.create_task(combiner.ask(1)), asyncio.create_task(combiner.ask(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await kept == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert [2] not in server.batches
    assert await combiner.ask(3) == 6
