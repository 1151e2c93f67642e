"""Consistency tokens of a SQLite store.

There is nothing to wait for: a file has one history, every write is in its log (WAL) before it is acknowledged, and a
read that begins after that sees it, in whichever process. What a token can still be is of another file.
"""

from __future__ import annotations

from services.profile.adapters.tokens import check_not_ahead, numbers_of, token_of
from shared.clock import Clock, system_clock
from shared.sqlite import SqliteDatabase


class SqliteTokens:
    def __init__(self, database: SqliteDatabase, clock: Clock = system_clock) -> None:
        ((self._store_id,),) = database.read("SELECT store_id FROM store")
        self._clock = clock

    def latest(self) -> str:
        return token_of(self._store_id, (self._clock(),))

    async def reach(self, token: str) -> None:
        for written_ms in numbers_of(token, self._store_id, 1):
            check_not_ahead(written_ms, self._clock())
