"""Consistency tokens of a MongoDB store: operation times, which reads wait for (shared/mongo_moments.py)."""

from __future__ import annotations

import secrets

from bson.timestamp import Timestamp

from services.profile.adapters.mongo_collections import MONGO_SCHEMA, POINTERS
from services.profile.adapters.tokens import FIELD, check_not_ahead, numbers_of, token_of
from shared.clock import Clock, system_clock
from shared.errors import InvalidArgument
from shared.mongo import MongoDatabase, mongo_errors

MAX_INCREMENT = 2**32 - 1
STORE = "store"
"""The pointer that holds the id."""


class MongoTokens:
    def __init__(self, database: MongoDatabase, store_id: str, clock: Clock = system_clock) -> None:
        self._database = database
        self._store_id = store_id
        self._clock = clock

    def latest(self) -> str:
        moment = self._database.moment or Timestamp(0, 0)
        return token_of(self._store_id, (moment.time, moment.inc))

    async def reach(self, token: str) -> None:
        numbers = numbers_of(token, self._store_id, 2)
        if numbers:
            await self._database.reach(self._moment(*numbers))

    def _moment(self, time_s: int, increment: int) -> Timestamp:
        check_not_ahead(time_s * 1_000, self._clock())
        if increment > MAX_INCREMENT:
            raise InvalidArgument.field(FIELD, "is not a token of this service")
        return Timestamp(time_s, increment)


async def store_id_of(database: MongoDatabase) -> str:
    """Drawn by the first who asks."""
    pointers = database.collection(POINTERS)
    with mongo_errors(MONGO_SCHEMA.store):
        drawn = {"$setOnInsert": {"store_id": secrets.token_hex(8)}}
        await pointers.update_one({"_id": STORE}, drawn, upsert=True)
    async with database.reading() as session:
        document = await pointers.find_one({"_id": STORE}, session=session)
    assert document is not None, "it was stored above"
    return str(document["store_id"])
