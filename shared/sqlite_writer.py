"""The one writer of a SQLite file: a thread that commits changes in groups.

    callers --> queue --> [ BEGIN IMMEDIATE | SAVEPOINT change 1 | ... | SAVEPOINT change n | COMMIT ] --> results

An fsync costs the same for one change as for 256, so all that waits in the queue shares one. A change that fails rolls
back to its own savepoint; results leave only after COMMIT, so that what a caller was told is on disk.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.errors import Unavailable

T = TypeVar("T")

MAX_GROUP = 256
"""Changes per transaction at most: bounds how long the first of a group waits for the last."""


@dataclass(slots=True)
class _Change:
    """One change on its way: `result` or `error` is set once it ran."""

    run: Callable[[sqlite3.Connection], Any]
    answer: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class GroupWriter:
    """Owns the write connection; `refuse` turns a database error into what the caller of a change sees."""

    def __init__(self, connection: sqlite3.Connection, refuse: Callable[[sqlite3.Error], Exception]) -> None:
        self._connection = connection
        self._refuse = refuse
        self._queue: queue.SimpleQueue[_Change | None] = queue.SimpleQueue()
        self._arriving: list[_Change] = []
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `change` in the writer thread. Its result is on disk when this returns.

        A caller cancelled before its change began leaves no trace; later, the change stands though nobody hears of it.
        """
        if self._closing:
            raise Unavailable("SHUTTING_DOWN", "the store is closing")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        if not self._arriving:
            loop.call_soon(self._hand_over)
        self._arriving.append(_Change(change, answer))
        return await answer

    async def close(self) -> None:
        """Commits what waits, then closes the connection."""
        if not self._closing:
            self._closing = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        """All that arrived in one turn of the loop: the thread would be off at once, to commit the first one alone."""
        for change in self._arriving:
            self._queue.put(change)
        self._arriving.clear()

    def _work(self) -> None:
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            group = [change for change in group if not change.answer.cancelled()]
            if group:
                self._commit(group)
                _deliver(group)
        self._connection.close()

    def _next_group(self) -> tuple[list[_Change], bool]:
        """Waits for a first change and takes along those behind it; False after the last group."""
        group: list[_Change] = []
        item = self._queue.get()
        while item is not None:
            group.append(item)
            if len(group) == MAX_GROUP:
                return group, True
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, group: list[_Change]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for change in group:
                self._apply(change)
            self._connection.execute("COMMIT")
        except sqlite3.Error as failure:
            self._abandon()
            for change in group:
                change.error = change.error or self._refuse(failure)

    def _apply(self, change: _Change) -> None:
        self._connection.execute("SAVEPOINT one_change")
        try:
            change.result = change.run(self._connection)
        except BaseException as failure:
            change.error = self._told(failure)
            if not self._connection.in_transaction:
                # A full disk or a failing one makes SQLite drop the whole transaction: none of the group is stored.
                raise sqlite3.OperationalError(f"the transaction was lost: {failure}") from failure
            self._connection.execute("ROLLBACK TO one_change")
        self._connection.execute("RELEASE one_change")

    def _told(self, failure: BaseException) -> BaseException:
        if isinstance(failure, sqlite3.Error):
            return self._refuse(failure)
        if isinstance(failure, StopIteration):  # a future cannot carry it
            return RuntimeError("the change raised StopIteration")
        return failure

    def _abandon(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            return  # the transaction is gone either way: BEGIN of the next group says so if it is not


def _deliver(group: list[_Change]) -> None:
    """One wake-up of the loop per group (groups of one loop: a database belongs to one)."""
    loop = group[0].answer.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(_resolve, group)


def _resolve(group: list[_Change]) -> None:
    for change in group:
        if change.answer.done():
            continue
        if change.error is None:
            change.answer.set_result(change.result)
        else:
            change.answer.set_exception(change.error)
