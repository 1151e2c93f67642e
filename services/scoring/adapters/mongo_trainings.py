"""Trainings in MongoDB: what each has come to. A unique index lets one of an objective run at a time."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from services.scoring.adapters.mongo_collections import TRAININGS
from services.scoring.adapters.registry_encoding import decode_training, encode
from services.scoring.domain.models import Training, TrainingState
from services.scoring.domain.trainings import given_up
from shared.mongo import Document, MongoDatabase

_RUNNING = int(TrainingState.RUNNING)


class MongoTrainingStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._trainings = database.collection(TRAININGS)

    async def begin(self, request_id: str, training: Training, stale_before_ms: int) -> Training:
        async def attempt() -> Training:
            return await self._database.transaction(
                lambda session: self._begin(request_id, training, stale_before_ms, session)
            )

        try:
            return await attempt()
        except DuplicateKeyError:  # another one began meanwhile: now it is found
            return await attempt()

    async def say(self, training: Training) -> None:
        async with self._database.reading() as session:
            await self._say(training, session)

    async def trainings(self, objective: str, limit: int) -> Sequence[Training]:
        async with self._database.reading() as session:
            found = self._trainings.find({"objective": objective}, {"content": 1}, session=session)
            documents = await found.sort([("start_ms", DESCENDING), ("_id", 1)]).limit(limit).to_list()
        return [decode_training(each["content"]) for each in documents]

    async def _begin(
        self, request_id: str, training: Training, stale_before_ms: int, session: AsyncClientSession
    ) -> Training:
        before = await self._trainings.find_one({"request_id": request_id}, session=session)
        if before is not None:
            return decode_training(before["content"])
        known = {"objective": training.objective, "state": _RUNNING}
        for document in await self._trainings.find(known, session=session).to_list():
            running = decode_training(document["content"])
            if running.beat_ms >= stale_before_ms:
                return running
            await self._say(given_up(running), session)
        stored = {"_id": training.training_id, "request_id": request_id, "objective": training.objective}
        await self._trainings.insert_one({**stored, "start_ms": training.start_ms, **_state(training)}, session=session)
        return training

    async def _say(self, training: Training, session: AsyncClientSession) -> None:
        found: Document = {"_id": training.training_id}
        if training.state is TrainingState.RUNNING:
            found["state"] = _RUNNING
        await self._trainings.update_one(found, {"$set": _state(training)}, session=session)


def _state(training: Training) -> Document:
    return {"state": int(training.state), "content": encode(training)}
