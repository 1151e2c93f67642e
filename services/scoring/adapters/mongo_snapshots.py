"""Model snapshots in MongoDB: one document each, well below its limit of 16 MB (a full table is 4 MB)."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import DESCENDING

from services.scoring.adapters.mongo_collections import SNAPSHOTS
from shared.mongo import MongoDatabase, mongo_errors

_KEPT = 2


class MongoSnapshotStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._snapshots = database.collection(SNAPSHOTS)

    async def save(self, model_id: str, position: int, content: bytes) -> None:
        # Replicas that reach the same position have the same content: who comes second changes nothing.
        key = {"model_id": model_id, "position": position}
        with mongo_errors("scoring"):
            await self._snapshots.replace_one({"_id": key}, {**key, "content": content}, upsert=True)
            kept = self._snapshots.find({"model_id": model_id}, {"position": 1})
            positions = [each["position"] async for each in kept.sort("position", DESCENDING).limit(_KEPT)]
            await self._snapshots.delete_many({"model_id": model_id, "position": {"$lt": positions[-1]}})

    async def latest(self, model_id: str) -> Sequence[bytes]:
        with mongo_errors("scoring"):
            found = self._snapshots.find({"model_id": model_id}).sort("position", DESCENDING).limit(_KEPT)
            return [each["content"] async for each in found]
