"""Questions of many who work side by side, asked together.

Each member goes on until it has a question, and waits. Once all that are left wait, nothing more can come: what there
is at each desk is asked in one call, and everybody goes on. So a batch of decisions asks each service about as often as
one decision does, and no member knows of the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from shared.background import end
from shared.errors import Internal

Q = TypeVar("Q")
A = TypeVar("A")
T = TypeVar("T")
AskAll = Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]]
"""In the order of the questions; raises what is wrong with all of them."""


class Round:
    """Of one batch. Its members run within `member`; who waits for something else holds the others up."""

    def __init__(self, members: int) -> None:
        self._left = members
        self._waiting: set[asyncio.Future[Any]] = set()
        self._desks: list[Desk[Any, Any]] = []
        self._asking: set[asyncio.Task[None]] = set()

    def desk(self, ask_all: AskAll[Q, A]) -> Desk[Q, A]:
        desk = Desk(self, ask_all)
        self._desks.append(desk)
        return desk

    async def member(self, work: Awaitable[T]) -> T:
        """To be awaited once for each member."""
        try:
            return await work
        finally:
            self._left -= 1
            self._ask_if_all_wait()

    async def close(self) -> None:
        """Ends what is under way for members that were cancelled."""
        for task in list(self._asking):
            await end(task)

    def waits(self, answer: asyncio.Future[Any]) -> None:
        self._waiting.add(answer)
        self._ask_if_all_wait()

    def goes_on(self, answer: asyncio.Future[Any]) -> None:
        """From the moment it is answered, not from when its member notices: the others must wait for it."""
        self._waiting.discard(answer)

    def _ask_if_all_wait(self) -> None:
        if self._asking or not self._waiting or len(self._waiting) < self._left:
            return
        for desk in self._desks:
            if desk.has_questions:
                task = asyncio.create_task(desk.answer(), name="round")
                self._asking.add(task)
                task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        self._ask_if_all_wait()


class Desk(Generic[Q, A]):
    """Where one kind of question is asked."""

    def __init__(self, round_: Round, ask_all: AskAll[Q, A]) -> None:
        self._round = round_
        self._ask_all = ask_all
        self._asked: list[tuple[Q, asyncio.Future[A]]] = []

    @property
    def has_questions(self) -> bool:
        return bool(self._asked)

    async def ask(self, question: Q) -> A:
        """Raises the error that is the answer."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._asked.append((question, answer))
        self._round.waits(answer)
        try:
            return await answer
        finally:
            self._round.goes_on(answer)

    async def answer(self) -> None:
        asked, self._asked = [each for each in self._asked if not each[1].done()], []
        if not asked:
            return
        try:
            answers = await self._ask_all([question for question, _ in asked])
            if len(answers) != len(asked):
                raise Internal("INTERNAL", f"{len(answers)} answers came to {len(asked)} questions")
        except Exception as failure:  # noqa: BLE001  it is the answer of each
            answers = [failure] * len(asked)
        for (_, future), answer in zip(asked, answers, strict=True):
            self._settle(future, answer)

    def _settle(self, future: asyncio.Future[A], answer: A | Exception) -> None:
        self._round.goes_on(future)
        if future.done():
            return  # who asked is gone
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
