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
    """Implements ImpliedOutcomeStore. Each outcome is a transaction of its own: replicas that are at the same ones do
    not hold each other up."""

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
        return tuple([each for each in implied if await self._imply(each)])

    async def _imply(self, implied: Implied) -> bool:
        outcome = implied.outcome
        awaited = {"_id": outcome.reward_key, "answering": int(Answering.WAITING)}
        ended = {"$set": {"answering": int(Answering.IMPLIED), "due_ms": None, "implied": None}}

        async def change(session: AsyncClientSession) -> bool:
            if (await self._contacts.update_one(awaited, ended, session=session)).modified_count == 0:
                return False
            await self._outcomes.insert_one(outcome_document(outcome, self._codec), session=session)
            await insert_reports(self._reports, implied.reports, session)
            return True

        return await self._database.transaction(change)
