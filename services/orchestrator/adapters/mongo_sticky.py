"""What people are served again, in MongoDB: one document per profile, key and placement."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ReplaceOne

from services.orchestrator.domain.sticky import StickyProposition
from shared.mongo import Document, MongoDatabase, mongo_errors

STICKY = "sticky_propositions"
_STORE = "orchestrator"


class MongoStickyStore:
    """Implements StickyStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._placements = database.collection(STICKY)

    async def get(self, profile_id: str, sticky_key: str, now_ms: int) -> tuple[StickyProposition, ...]:
        query = {"profile_id": profile_id, "sticky_key": sticky_key, "expire_ms": {"$gt": now_ms}}
        with mongo_errors(_STORE):
            found = await self._placements.find(query).sort("placement_id").to_list()
        read = (_read(place["placement_id"], each) for place in found for each in place["propositions"])
        return tuple(each for each in read if each.expire_ms > now_ms)

    async def put(
        self, profile_id: str, sticky_key: str, propositions: Sequence[StickyProposition], now_ms: int
    ) -> None:
        by_placement: dict[str, list[StickyProposition]] = {}
        for each in propositions:
            by_placement.setdefault(each.placement_id, []).append(each)
        changes = [_replace((profile_id, sticky_key, placement_id), own) for placement_id, own in by_placement.items()]
        with mongo_errors(_STORE):
            await self._placements.delete_many({"expire_ms": {"$lte": now_ms}})
            if changes:
                await self._placements.bulk_write(changes)

    async def forget(self, profile_ids: Sequence[str]) -> None:
        with mongo_errors(_STORE):
            await self._placements.delete_many({"profile_id": {"$in": list(profile_ids)}})


def _replace(key: tuple[str, str, str], propositions: Sequence[StickyProposition]) -> ReplaceOne[Document]:
    profile_id, sticky_key, placement_id = key
    identity = {"profile_id": profile_id, "sticky_key": sticky_key, "placement_id": placement_id}
    document = {
        "_id": identity,
        **identity,
        "expire_ms": max(each.expire_ms for each in propositions),
        "propositions": [
            {
                "treatment": each.treatment,
                "decision_id": each.decision_id,
                "choice_probability": each.choice_probability,
                "expire_ms": each.expire_ms,
            }
            for each in propositions
        ],
    }
    return ReplaceOne({"_id": identity}, document, upsert=True)


def _read(placement_id: str, stored: Document) -> StickyProposition:
    return StickyProposition(
        placement_id,
        stored["treatment"],
        stored["decision_id"],
        float(stored["choice_probability"]),
        int(stored["expire_ms"]),
    )
