"""Members of a round ask together, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

import pytest

from services.orchestrator.app.batch.round import Desk, Round
from shared.errors import NotFound, Unavailable


class Square:
    """Answers squares, and remembers what it was asked together."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    async def __call__(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.asked.append(list(numbers))
        await asyncio.sleep(0)
        return [NotFound("NONE", "no square") if number < 0 else number * number for number in numbers]


async def together(round_: Round, *work: Awaitable[object]) -> list[object]:
    async with asyncio.timeout(5):
        return await asyncio.gather(*map(round_.member, work), return_exceptions=True)


async def test_members_that_ask_the_same_desk_are_asked_for_in_one_call() -> None:
    square, round_ = Square(), Round(4)
    desk = round_.desk(square)
    assert await together(round_, *(desk.ask(number) for number in range(4))) == [0, 1, 4, 9]
    assert square.asked == [[0, 1, 2, 3]]


async def test_every_step_is_one_call_however_long_members_take_between_them() -> None:
    square, round_ = Square(), Round(5)
    desk = round_.desk(square)

    async def work(number: int) -> int:
        found = number
        for _ in range(3):
            for _ in range(number):
                await asyncio.sleep(0)
            found = await desk.ask(found)
        return found

    assert await together(round_, *map(work, range(5))) == [0, 1, 256, 6561, 65536]
    assert [len(each) for each in square.asked] == [5, 5, 5]


async def test_who_is_done_or_has_failed_holds_up_nobody() -> None:
    square, round_ = Square(), Round(3)
    desk = round_.desk(square)

    async def gives_up() -> None:
        raise RuntimeError("a mistake")

    async def asks_twice() -> int:
        return await desk.ask(await desk.ask(3))

    done = await together(round_, asks_twice(), gives_up(), desk.ask(2))
    assert (done[0], done[2]) == (81, 4)
    assert isinstance(done[1], RuntimeError)
    assert square.asked == [[3, 2], [9]]


async def test_an_error_is_the_answer_of_its_own_question() -> None:
    square, round_ = Square(), Round(2)
    desk = round_.desk(square)
    good, bad = await together(round_, desk.ask(5), desk.ask(-1))
    assert good == 25
    assert isinstance(bad, NotFound)


async def test_what_is_wrong_with_the_call_is_the_answer_of_all() -> None:
    async def down(_: Sequence[int]) -> Sequence[int | Exception]:
        raise Unavailable("DEPENDENCY_UNAVAILABLE", "down")

    round_ = Round(2)
    desk: Desk[int, int] = round_.desk(down)
    assert all(isinstance(each, Unavailable) for each in await together(round_, desk.ask(1), desk.ask(2)))


async def test_members_at_several_desks_are_asked_for_side_by_side() -> None:
    first, second, round_ = Square(), Square(), Round(4)
    one, other = round_.desk(first), round_.desk(second)
    assert await together(round_, one.ask(1), other.ask(2), one.ask(3), other.ask(4)) == [1, 4, 9, 16]
    assert (first.asked, second.asked) == ([[1, 3]], [[2, 4]])


async def test_who_is_cancelled_is_not_waited_for() -> None:
    square, round_ = Square(), Round(2)
    desk = round_.desk(square)
    gate = asyncio.Event()

    async def waits_elsewhere() -> None:
        await gate.wait()

    slow = asyncio.create_task(round_.member(waits_elsewhere()))
    asking = asyncio.create_task(round_.member(desk.ask(3)))
    await asyncio.sleep(0.01)
    assert square.asked == []
    slow.cancel()
    async with asyncio.timeout(5):
        assert await asking == 9
    with pytest.raises(asyncio.CancelledError):
        await slow


async def test_a_round_that_is_given_up_leaves_nothing_behind() -> None:
    started = asyncio.Event()

    async def never(_: Sequence[int]) -> Sequence[int | Exception]:
        started.set()
        await asyncio.Event().wait()
        return []

    round_ = Round(1)
    desk: Desk[int, int] = round_.desk(never)
    asking = asyncio.create_task(round_.member(desk.ask(1)))
    await started.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await round_.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "round"]
