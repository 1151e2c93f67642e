"""Responses that are awaited, in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.mongo_contact_history import COLLECTION
from services.orchestrator.adapters.mongo_contact_outbox import CONTACT_OUTBOX, insert_reports
from services.orchestrator.adapters.mongo_outcome_store import outcome_document
from services.orchestrator.app.outcome_store import Implied
from services.orchestrator.domain.response import Answering
from shared.mongo import MongoDatabase, mongo_errors

_STORE = "orchestrator"


class MongoImpliedOutcomes:
    """Implements ImpliedOutcomeStore. Replicas that are at the same contacts meet in these: MongoDB runs one of them
    again, which then finds what the other left."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._contacts = database.collection(COLLECTION)
        self._outcomes = database.collection("outcomes")
        self._reports = database.collection(CONTACT_OUTBOX)
        self._codec = BlobCodec()

    async def unanswered(self, now_ms: int, limit: int) -> tuple[Implied, ...]:
        query = {"answering": int(Answering.WAITING), "due_ms": {"$lt": now_ms}}
        with mongo_errors(_STORE):
            found = await self._contacts.find(query, {"implied": 1}).sort("due_ms", ASCENDING).limit(limit).to_list()
        return tuple(self._codec.decode(Implied, each["implied"]) for each in found)

    async def imply(self, implied: Sequence[Implied]) -> tuple[Implied, ...]:
        by_contact = {each.outcome.reward_key: each for each in implied}
        documents = {key: outcome_document(each.outcome, self._codec) for key, each in by_contact.items()}
        ended = {"$set": {"answering": int(Answering.IMPLIED), "due_ms": None, "implied": None}}

        async def change(session: AsyncClientSession) -> tuple[Implied, ...]:
            awaited = {"_id": {"$in": list(by_contact)}, "answering": int(Answering.WAITING)}
            found = await self._contacts.find(awaited, {"_id": 1}, session=session).to_list()
            taken = [key for key in by_contact if key in {each["_id"] for each in found}]
            if not taken:
                return ()
            await self._contacts.update_many({"_id": {"$in": taken}}, ended, session=session)
            await self._outcomes.insert_many([documents[key] for key in taken], session=session)
            reports = [report for key in taken for report in by_contact[key].reports]
            await insert_reports(self._reports, reports, session)
            return tuple(by_contact[key] for key in taken)

        return await self._database.transaction(change) if by_contact else ()
