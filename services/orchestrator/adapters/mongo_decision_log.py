"""Decisions in MongoDB: one document each, the record as a blob."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.app.decision_record import DecisionRecord
from shared.mongo import Document, MongoDatabase, mongo_errors

COLLECTION = "decisions"
_STORE = "orchestrator"


class MongoDecisionLog:
    """Implements DecisionLog."""

    def __init__(self, database: MongoDatabase) -> None:
        self._decisions = database.collection(COLLECTION)
        self._codec = BlobCodec()

    async def append(self, record: DecisionRecord) -> bool:
        document = {
            "_id": record.decision_id,
            "request_id": record.request_id,
            "profile_id": record.profile_id,
            "decision_time_ms": record.decision_time_ms,
            "policy_version": record.policy_version,
            "record": self._codec.encode(record),
        }
        with mongo_errors(_STORE):
            try:
                await self._decisions.insert_one(document)
            except DuplicateKeyError:
                # Also when the driver sent it twice because the first acknowledgement was lost.
                return await self._holds(record)
        return True

    async def get(self, decision_id: str) -> DecisionRecord | None:
        return await self._find({"_id": decision_id})

    async def get_by_request(self, request_id: str) -> DecisionRecord | None:
        return await self._find({"request_id": request_id})

    async def _find(self, query: Document) -> DecisionRecord | None:
        with mongo_errors(_STORE):
            found = await self._decisions.find_one(query, {"record": 1})
        return self._codec.decode(DecisionRecord, found["record"]) if found is not None else None

    async def _holds(self, record: DecisionRecord) -> bool:
        query = {"_id": record.decision_id, "request_id": record.request_id}
        return await self._decisions.find_one(query, {"_id": 1}) is not None
