"""Conversions in MongoDB.

One call is one transaction. Reversals of one purchase all write its document, so that two of them that come at once are
settled one after the other: no more comes back than was bought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.mongo_receipts import earlier_receipt, find_receipt, insert_receipt
from services.orchestrator.app.conversion_store import ConversionBatch, ConversionDraft, Known, UnmatchedConversion
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.domain.conversion import Conversion
from shared.mongo import Document, MongoDatabase, mongo_errors

COLLECTION = "conversions"
_STORE = "orchestrator"


class MongoConversionStore:
    """Implements ConversionStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._conversions = database.collection(COLLECTION)
        self._codec = BlobCodec()

    async def append(self, batch: ConversionBatch) -> Receipt:
        async def change(session: AsyncClientSession) -> Receipt:
            earlier = await earlier_receipt(self._database, batch.rpc, batch.request_id, batch.body_hash, session)
            if earlier is not None:
                return earlier
            verdicts, fresh = (await self._known(batch.drafts, session)).judge(batch.drafts)
            if fresh:
                await self._insert(fresh, session)
            receipt = Receipt(batch.rpc, batch.request_id, batch.body_hash, batch.response_of(verdicts))
            await insert_receipt(self._database, receipt, session)
            return receipt

        return await self._database.transaction(change)

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None:
        with mongo_errors(_STORE):
            return await find_receipt(self._database, rpc, request_id)

    async def get(self, conversion_ids: Sequence[str]) -> Mapping[str, Conversion]:
        with mongo_errors(_STORE):
            found = await self._conversions.find({"_id": {"$in": list(conversion_ids)}}).to_list()
        return {each["_id"]: self._read(each) for each in found}

    async def reversals(self, conversion_ids: Sequence[str]) -> Mapping[str, Sequence[Conversion]]:
        by_purchase: dict[str, list[Conversion]] = {}
        with mongo_errors(_STORE):
            found = await self._conversions.find({"reverses": {"$in": list(conversion_ids)}}).sort(_RECORDED).to_list()
        for each in found:
            by_purchase.setdefault(each["reverses"], []).append(self._read(each))
        return by_purchase

    async def unmatched(self, limit: int, after: Conversion | None = None) -> tuple[UnmatchedConversion, ...]:
        query: Document = {"is_unmatched": True}
        if after is not None:
            same_time = {"record_time_ms": after.record_time_ms, "_id": {"$gt": after.conversion_id}}
            query["$or"] = [{"record_time_ms": {"$gt": after.record_time_ms}}, same_time]
        with mongo_errors(_STORE):
            found = await self._conversions.find(query).sort(_RECORDED).limit(limit).to_list()
        return tuple(UnmatchedConversion(self._read(each), int(each["revision"])) for each in found)

    async def count_unmatched(self) -> int:
        with mongo_errors(_STORE):
            return await self._conversions.count_documents({"is_unmatched": True})

    async def mark_matched(self, conversions: Sequence[UnmatchedConversion]) -> None:
        marks: list[UpdateOne] = [
            UpdateOne(
                {"_id": each.conversion.conversion_id, "revision": each.revision}, {"$set": {"is_unmatched": False}}
            )
            for each in conversions
        ]
        if marks:
            with mongo_errors(_STORE):
                await self._conversions.bulk_write(marks, ordered=False)

    async def purchases(self, from_ms: int, to_ms: int, after: str, limit: int) -> tuple[Conversion, ...]:
        later = [{"occurred_time_ms": {"$gt": from_ms}}, {"occurred_time_ms": from_ms, "_id": {"$gt": after}}]
        query = {"reverses": "", "occurred_time_ms": {"$gte": from_ms, "$lt": to_ms}, "$or": later}
        order = [("occurred_time_ms", ASCENDING), ("_id", ASCENDING)]
        with mongo_errors(_STORE):
            found = await self._conversions.find(query).sort(order).limit(limit).to_list()
        return tuple(map(self._read, found))

    async def of_profiles(self, profile_ids: Sequence[str], after: str, limit: int) -> tuple[Conversion, ...]:
        query = {"profile_id": {"$in": list(profile_ids)}, "_id": {"$gt": after}}
        with mongo_errors(_STORE):
            found = await self._conversions.find(query).sort("_id", ASCENDING).limit(limit).to_list()
        return tuple(map(self._read, found))

    async def _known(self, drafts: Sequence[ConversionDraft], session: AsyncClientSession) -> Known:
        conversions = [draft.conversion for draft in drafts]
        reversed_ids = {each.reverses for each in conversions if each.reverses}
        ids = sorted(reversed_ids | {each.conversion_id for each in conversions})
        known = Known()
        async for each in self._conversions.find({"_id": {"$in": ids}}, session=session):
            known.conversions[each["_id"]] = each["body_hash"], self._read(each)
        if reversed_ids:
            query = {"reverses": {"$in": sorted(reversed_ids)}}
            async for each in self._conversions.find(query, session=session).sort(_RECORDED):
                known.reversals.setdefault(each["reverses"], []).append(self._read(each))
        return known

    async def _insert(self, fresh: Sequence[ConversionDraft], session: AsyncClientSession) -> None:
        await self._conversions.insert_many([self._document(draft) for draft in fresh], session=session)
        reversed_ids = sorted({draft.conversion.reverses for draft in fresh if draft.conversion.reverses})
        if reversed_ids:
            await self._conversions.update_many(
                {"_id": {"$in": reversed_ids}}, {"$inc": {"reversals": 1}}, session=session
            )

    def _document(self, draft: ConversionDraft) -> Document:
        each = draft.conversion
        return {
            "_id": each.conversion_id,
            "profile_id": each.profile_id,
            "occurred_time_ms": each.occurred_time_ms,
            "record_time_ms": each.record_time_ms,
            "body_hash": draft.body_hash,
            "reverses": each.reverses,
            "conversion": self._codec.encode(each),
            "revision": 1,
            "is_unmatched": True,
        }

    def _read(self, found: Document) -> Conversion:
        return self._codec.decode(Conversion, found["conversion"])


_RECORDED = [("record_time_ms", ASCENDING), ("_id", ASCENDING)]
