"""Turns per key, so that writers of one process to one person do not make one another try again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager


class KeyedLocks:
    """One lock per key in use. A convenience for speed: exactness comes from the versions in the store."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, keys: Iterable[str]) -> AsyncIterator[bool]:
        """All keys at once, taken in their order so that no two callers wait for each other; tells whether somebody had
        to be waited for.
        """
        taken: list[str] = []
        has_waited = False
        try:
            for key in sorted(set(keys)):
                has_waited |= await self._take(key)
                taken.append(key)
            yield has_waited
        finally:
            for key in reversed(taken):
                self._locks[key].release()
                self._leave(key)

    def is_used(self, key: str) -> bool:
        """Whether somebody holds it or waits for it."""
        return key in self._users

    async def _take(self, key: str) -> bool:
        lock = self._locks.setdefault(key, asyncio.Lock())
        has_users = key in self._users
        self._users[key] = self._users.get(key, 0) + 1
        try:
            await lock.acquire()
        except BaseException:
            self._leave(key)
            raise
        return has_users

    def _leave(self, key: str) -> None:
        self._users[key] -= 1
        if not self._users[key]:
            del self._locks[key], self._users[key]
