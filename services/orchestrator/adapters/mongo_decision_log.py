"""Decisions in MongoDB: one document each, the record as a blob."""

from __future__ import annotations

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.decision_rows import summary_of
from services.orchestrator.adapters.record_dictionary import DICTIONARIES
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.gone_decisions import GoneBecause, GoneDecision
from shared.ids import new_id
from shared.mongo import Document, MongoDatabase

COLLECTION, GONE = "decisions", "gone_decisions"


class MongoDecisionLog:
    """Implements DecisionLog."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._decisions = database.collection(COLLECTION)
        self._gone = database.collection(GONE)
        self._codec = BlobCodec(DICTIONARIES)

    async def append(self, record: DecisionRecord) -> bool:
        attempt, summary = new_id("a"), summary_of(record)
        document = {
            "_id": record.decision_id,
            "attempt": attempt,
            "request_id": record.request_id,
            "profile_id": record.profile_id,
            "decision_time_ms": record.decision_time_ms,
            "record_time_ms": record.record_time_ms,
            "policy_version": record.policy_version,
            "model_version": summary.model_version,
            "results": [
                {
                    "placement": each.placement_id,
                    "result": int(each.result),
                    "action": each.action,
                    "channel": each.channel,
                }
                for each in summary.results
            ],
            "record": self._codec.encode(record),
        }
        # One session: a primary that was just elected may refuse the key and not show the decision that has it, yet.
        async with self._database.reading() as session:
            try:
                await self._decisions.insert_one(document, session=session)
            except DuplicateKeyError:
                # Also when the driver sent it twice because the first acknowledgement was lost.
                return await self._holds(record, attempt, session)
        return True

    async def get(self, decision_id: str) -> DecisionRecord | None:
        return await self._find({"_id": decision_id})

    async def get_by_request(self, request_id: str) -> DecisionRecord | None:
        return await self._find({"request_id": request_id})

    async def gone(self, decision_id: str) -> GoneDecision | None:
        async with self._database.reading() as session:
            found = await self._gone.find_one({"_id": decision_id}, session=session)
        if found is None:
            return None
        because = GoneBecause(found["because"])
        return GoneDecision(found["_id"], because, found["decision_time_ms"], found["policy_version"])

    async def _find(self, query: Document) -> DecisionRecord | None:
        async with self._database.reading() as session:
            found = await self._decisions.find_one(query, {"record": 1}, session=session)
        return self._codec.decode(DecisionRecord, found["record"]) if found is not None else None

    async def _holds(self, record: DecisionRecord, attempt: str, session: AsyncClientSession) -> bool:
        """Whether it is this very record, and not that of another try, which has the same id."""
        query = {"_id": record.decision_id, "attempt": attempt}
        return await self._decisions.find_one(query, {"_id": 1}, session=session) is not None
