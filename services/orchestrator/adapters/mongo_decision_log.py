"""Decisions in MongoDB: one document each, the record as a blob."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.decision_rows import summary_of
from services.orchestrator.adapters.mongo_campaign_decisions import take_people
from services.orchestrator.adapters.mongo_pressure_store import waiting_fields
from services.orchestrator.adapters.performance_rows import encode_compared
from services.orchestrator.adapters.record_dictionary import DICTIONARIES
from services.orchestrator.app.campaign_decisions import person_of
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
        document = self._document(record)
        if record.campaign_profile_ids:
            return await self._append_of_campaign(record, document)
        # One session: a primary that was just elected may refuse the key and not show the decision that has it, yet.
        async with self._database.reading() as session:
            try:
                await self._decisions.insert_one(document, session=session)
            except DuplicateKeyError:
                # Also when the driver sent it twice because the first acknowledgement was lost.
                return await self._holds(document, session)
        return True

    async def append_all(self, records: Sequence[DecisionRecord]) -> Sequence[bool]:
        if any(record.campaign_profile_ids for record in records):
            return await self._append_all_of_campaigns(records)
        documents = [self._document(record) for record in records]
        async with self._database.reading() as session:
            try:
                await self._decisions.insert_many(documents, ordered=False, session=session)
            except BulkWriteError as failure:
                refused = {error["index"] for error in failure.details["writeErrors"]}
                return [
                    place not in refused or await self._holds(document, session)
                    for place, document in enumerate(documents)
                ]
        return [True] * len(documents)

    async def _append_all_of_campaigns(self, records: Sequence[DecisionRecord]) -> Sequence[bool]:
        """Together, unless one of them must not be stored: then each by itself."""
        documents = [self._document(record) for record in records]
        people = [(person, record.decision_id) for record in records if (person := person_of(record)) is not None]

        async def insert(session: AsyncClientSession) -> None:
            await take_people(self._database, people, session)
            await self._decisions.insert_many(documents, session=session)

        try:
            await self._database.transaction(insert)
        except (DuplicateKeyError, BulkWriteError):
            return [await self.append(record) for record in records]
        return [True] * len(records)

    async def _append_of_campaign(self, record: DecisionRecord, document: Document) -> bool:
        person = person_of(record)
        assert person is not None, "it belongs to a campaign"

        async def insert(session: AsyncClientSession) -> None:
            await take_people(self._database, [(person, record.decision_id)], session)
            await self._decisions.insert_one(document, session=session)

        try:
            await self._database.transaction(insert)
        except (DuplicateKeyError, BulkWriteError):
            async with self._database.reading() as session:
                return await self._holds(document, session)
        return True

    def _document(self, record: DecisionRecord) -> Document:
        summary = summary_of(record)
        return {
            **waiting_fields(record),
            "_id": record.decision_id,
            "attempt": new_id("a"),
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
            "compared": encode_compared(record),
            "record": self._codec.encode(record),
        }

    async def get(self, decision_id: str) -> DecisionRecord | None:
        return await self._find({"_id": decision_id})

    async def get_by_request(self, request_id: str) -> DecisionRecord | None:
        return await self._find({"request_id": request_id})

    async def get_by_requests(self, request_ids: Sequence[str]) -> Mapping[str, DecisionRecord]:
        query = {"request_id": {"$in": list(request_ids)}}
        async with self._database.reading() as session:
            found = await self._decisions.find(query, {"request_id": 1, "record": 1}, session=session).to_list()
        return {each["request_id"]: self._codec.decode(DecisionRecord, each["record"]) for each in found}

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

    async def _holds(self, document: Document, session: AsyncClientSession) -> bool:
        """Whether it is this very record, and not that of another try, which has the same id."""
        query = {"_id": document["_id"], "attempt": document["attempt"]}
        return await self._decisions.find_one(query, {"_id": 1}, session=session) is not None
