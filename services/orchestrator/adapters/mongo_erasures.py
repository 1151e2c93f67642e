"""Erasures and what they erase, in the orchestrator's MongoDB database."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import UpdateOne

from services.orchestrator.adapters.mongo_decision_removal import remove_decisions, remove_of_decisions
from services.orchestrator.app.erasures import DueErasure, ErasureNotice
from services.orchestrator.app.gone_decisions import GoneBecause
from shared.mongo import Document, MongoDatabase, mongo_errors

ERASURES, ERASURE_FEED = "erasures", "erasure_feed"
_STORE = "orchestrator"
_ONLY = "position"


class MongoErasureStore:
    """Implements ErasureStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._erasures = database.collection(ERASURES)
        self._feed = database.collection(ERASURE_FEED)

    async def position(self) -> str:
        with mongo_errors(_STORE):
            found = await self._feed.find_one({"_id": _ONLY})
        return "" if found is None else str(found["position"])

    async def take(self, notices: Sequence[ErasureNotice], due_ms: int) -> None:
        """The notices first: after a crash in between they are taken once more, which changes nothing."""
        due = [
            UpdateOne(
                {"_id": each.erasure_id},
                {"$setOnInsert": {"profile_ids": list(each.profile_ids), "decision_ids": None, "due_ms": due_ms}},
                upsert=True,
            )
            for each in notices
        ]
        with mongo_errors(_STORE):
            await self._erasures.bulk_write(due)
            await self._feed.update_one({"_id": _ONLY}, {"$set": {"position": notices[-1].position}}, upsert=True)

    async def due(self, now_ms: int, limit: int) -> Sequence[DueErasure]:
        with mongo_errors(_STORE):
            found = await self._erasures.find({"due_ms": {"$lte": now_ms}}).sort("due_ms").limit(limit).to_list()
        return [
            DueErasure(
                each["_id"],
                tuple(each["profile_ids"]),
                None if each["decision_ids"] is None else tuple(each["decision_ids"]),
            )
            for each in found
        ]

    async def reschedule(self, erasure_id: str, decision_ids: Sequence[str], due_ms: int) -> None:
        change = {"$set": {"decision_ids": list(decision_ids), "due_ms": due_ms}}
        with mongo_errors(_STORE):
            await self._erasures.update_one({"_id": erasure_id}, change)

    async def finish(self, erasure_id: str) -> None:
        with mongo_errors(_STORE):
            await self._erasures.delete_one({"_id": erasure_id})

    async def decisions_of(self, profile_ids: Sequence[str], limit: int, after: str = "") -> Sequence[str]:
        profiles = {"$in": list(profile_ids)}
        query = {"profile_id": profiles, "_id": {"$gt": after}}
        contacts: list[Document] = [
            {"$match": {"profile_id": profiles, "decision_id": {"$gt": after}}},
            {"$group": {"_id": "$decision_id"}},
            {"$sort": {"_id": 1}},
            {"$limit": limit},
        ]
        with mongo_errors(_STORE):
            decisions = self._database.collection("decisions")
            found = await decisions.find(query, {"_id": 1}).sort("_id").limit(limit).to_list()
            found += await (await self._database.collection("contact_history").aggregate(contacts)).to_list()
        return sorted({document["_id"] for document in found})[:limit]

    async def hold_rewards(self, decision_ids: Sequence[str]) -> None:
        await remove_of_decisions(self._database.collection("reward_outbox"), decision_ids)

    async def erase_told(self, profile_ids: Sequence[str]) -> None:
        query = {"profile_id": {"$in": list(profile_ids)}}
        with mongo_errors(_STORE):
            for name in ("contact_history", "conversions", "touches"):
                await self._database.collection(name).delete_many(query)

    async def erase(self, decision_ids: Sequence[str]) -> None:
        """The contacts first: nothing is implied of what is gone."""
        await remove_of_decisions(self._database.collection("contact_history"), decision_ids)
        await remove_decisions(self._database, decision_ids, GoneBecause.ERASED)
