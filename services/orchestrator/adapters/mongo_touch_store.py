"""Touches in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.adapters.mongo_receipts import earlier_receipt, find_receipt, insert_receipt
from services.orchestrator.app.conversion_store import TouchBatch, TouchDraft, judged_touches
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.domain.touch import Touch
from shared.mongo import Document, MongoDatabase, mongo_errors

COLLECTION = "touches"
_STORE = "orchestrator"


class MongoTouchStore:
    """Implements TouchStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._touches = database.collection(COLLECTION)

    async def append(self, batch: TouchBatch) -> Receipt:
        ids = sorted({draft.touch.touch_id for draft in batch.drafts})

        async def change(session: AsyncClientSession) -> Receipt:
            earlier = await earlier_receipt(self._database, batch.rpc, batch.request_id, batch.body_hash, session)
            if earlier is not None:
                return earlier
            known = {
                each["_id"]: (each["body_hash"], each["profile_id"])
                async for each in self._touches.find({"_id": {"$in": ids}}, session=session)
            }
            verdicts, fresh = judged_touches(batch.drafts, known)
            if fresh:
                await self._touches.insert_many([_document(draft) for draft in fresh], session=session)
            receipt = Receipt(batch.rpc, batch.request_id, batch.body_hash, batch.response_of(verdicts))
            await insert_receipt(self._database, receipt, session)
            return receipt

        return await self._database.transaction(change)

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None:
        with mongo_errors(_STORE):
            return await find_receipt(self._database, rpc, request_id)

    async def between(self, profile_ids: Sequence[str], from_ms: int, to_ms: int) -> tuple[Touch, ...]:
        query = {"profile_id": {"$in": list(profile_ids)}, "occurred_time_ms": {"$gte": from_ms, "$lte": to_ms}}
        order = [("occurred_time_ms", ASCENDING), ("_id", ASCENDING)]
        with mongo_errors(_STORE):
            found = await self._touches.find(query).sort(order).to_list()
        return tuple(map(_touch, found))

    async def costs(self, from_ms: int, to_ms: int) -> Mapping[tuple[str, str], tuple[int, int]]:
        kind = {"platform": "$platform", "campaign_ref": "$campaign_ref"}
        stages: list[Document] = [
            {"$match": {"occurred_time_ms": {"$gte": from_ms, "$lt": to_ms}}},
            {"$group": {"_id": kind, "count": {"$sum": 1}, "cost": {"$sum": "$cost"}}},
        ]
        with mongo_errors(_STORE):
            found = await (await self._touches.aggregate(stages)).to_list()
        return {
            (each["_id"]["platform"], each["_id"]["campaign_ref"]): (int(each["count"]), int(each["cost"]))
            for each in found
        }

    async def of_profiles(self, profile_ids: Sequence[str], after: str, limit: int) -> tuple[Touch, ...]:
        query = {"profile_id": {"$in": list(profile_ids)}, "_id": {"$gt": after}}
        with mongo_errors(_STORE):
            found = await self._touches.find(query).sort("_id", ASCENDING).limit(limit).to_list()
        return tuple(map(_touch, found))


def _document(draft: TouchDraft) -> Document:
    fields = asdict(draft.touch)
    return {"_id": fields.pop("touch_id"), **fields, "body_hash": draft.body_hash}


def _touch(found: Document) -> Touch:
    return Touch(
        found["_id"],
        found["profile_id"],
        found["platform"],
        found["campaign_ref"],
        int(found["occurred_time_ms"]),
        int(found["record_time_ms"]),
        int(found["cost"]),
    )
