"""How far a process has seen a replica set, as MongoDB's operation times: the ground of reads that never go back.

A majority read of a primary is not always the newest: one that was just elected answers from an older commit point
until it has heard from the majority, and one that was deposed, and does not know it, answers what it had. A read that
says after which operation time it must be (`afterClusterTime`, causal consistency) waits or fails instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bson.timestamp import Timestamp
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession


class SeenMoments:
    """Of one client. `seen` is what reads wait for; `durable` is what the majority is known to have.

    They differ after a failed transaction: it saw writes of others that the majority may not have yet, and the next
    read of the one who tries again must not be without them.
    """

    def __init__(self) -> None:
        self.seen: Timestamp | None = None
        self.durable: Timestamp | None = None

    def includes(self, moment: Timestamp) -> bool:
        return self.seen is not None and moment <= self.seen

    @asynccontextmanager
    async def session(
        self, client: AsyncMongoClient[dict[str, Any]], *, at_least: Timestamp | None = None
    ) -> AsyncIterator[AsyncClientSession]:
        """For majority reads and writes, after all that was seen and `at_least`; what it sees is seen from then on."""
        start = _later(self.seen, at_least)
        async with client.start_session() as session:
            if start is not None:
                session.advance_operation_time(start)
            try:
                yield session
            finally:
                # Not where it failed to get to `at_least`: others must not wait for a moment that may never come.
                if at_least is None:
                    self.seen = _later(self.seen, session.operation_time)
        self.seen = _later(self.seen, session.operation_time)
        self.durable = _later(self.durable, session.operation_time)


def _later(one: Timestamp | None, other: Timestamp | None) -> Timestamp | None:
    if one is None or other is None:
        return one or other
    return max(one, other)
