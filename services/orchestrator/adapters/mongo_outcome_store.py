"""Outcomes and the rewards they come to, in MongoDB.

One capture is one transaction. Two that speak of the same presentation both write its reward document, so MongoDB runs
one of them again, after the other: the reward is always that of all outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.mongo_contact_outbox import CONTACT_OUTBOX, insert_reports
from services.orchestrator.app.outcome_store import Capture, CapturedOutcome, PendingReward, Presentation
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.domain.outcome import Effect, Lesson, reward_of
from shared.errors import request_id_reused
from shared.mongo import Document, MongoDatabase, mongo_errors

_STORE = "orchestrator"


class MongoOutcomeStore:
    """Implements OutcomeStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._outcomes = database.collection("outcomes")
        self._rewards = database.collection("reward_outbox")
        self._receipts = database.collection("receipts")
        self._reports = database.collection(CONTACT_OUTBOX)
        self._codec = BlobCodec()

    async def append(self, capture: Capture) -> Receipt:
        documents = [self._document(outcome) for outcome in capture.outcomes]
        presentations = {key: self._codec.encode(each) for key, each in capture.presentations.items()}

        async def change(session: AsyncClientSession) -> Receipt:
            earlier = await self._receipt(capture.rpc, capture.request_id, session)
            if earlier is not None:
                return _same(earlier, capture)
            new_keys = await self._insert(documents, session)
            await self._queue_rewards(presentations, session)
            await insert_reports(self._reports, capture.reports, session)
            receipt = Receipt(capture.rpc, capture.request_id, capture.body_hash, capture.response_of(new_keys))
            await self._receipts.insert_one(_receipt_document(receipt), session=session)
            return receipt

        return await self._database.transaction(change)

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None:
        with mongo_errors(_STORE):
            return await self._receipt(rpc, request_id, None)

    async def list_by_decision(self, decision_id: str) -> tuple[CapturedOutcome, ...]:
        with mongo_errors(_STORE):
            cursor = self._outcomes.find({"decision_id": decision_id}, {"outcome": 1})
            found = await cursor.sort([("capture_time_ms", ASCENDING), ("position", ASCENDING)]).to_list()
        return tuple(self._codec.decode(CapturedOutcome, each["outcome"]) for each in found)

    async def pending(self, limit: int) -> tuple[PendingReward, ...]:
        with mongo_errors(_STORE):
            found = await self._rewards.find({"is_pending": True}).sort("time_ms", ASCENDING).limit(limit).to_list()
        return tuple(self._pending(each) for each in found)

    async def count_pending(self) -> int:
        with mongo_errors(_STORE):
            return await self._rewards.count_documents({"is_pending": True})

    async def mark_delivered(self, rewards: Sequence[PendingReward]) -> None:
        delivered = {"$set": {"is_pending": False}, "$unset": {"presentation": ""}}
        updates: list[UpdateOne] = [
            UpdateOne({"_id": reward.reward_key, "revision": reward.revision}, delivered) for reward in rewards
        ]
        if updates:
            with mongo_errors(_STORE):
                await self._rewards.bulk_write(updates, ordered=False)

    async def _receipt(self, rpc: str, request_id: str, session: AsyncClientSession | None) -> Receipt | None:
        found = await self._receipts.find_one({"_id": f"{rpc}/{request_id}"}, session=session)
        return Receipt(rpc, request_id, found["body_hash"], found["response"]) if found is not None else None

    async def _insert(self, documents: Sequence[Document], session: AsyncClientSession) -> set[str]:
        """The keys that were new. A key that another transaction takes meanwhile makes this one run again."""
        keys = [document["_id"] for document in documents]
        taken = {each["_id"] async for each in self._outcomes.find({"_id": {"$in": keys}}, {"_id": 1}, session=session)}
        fresh = [document for document in documents if document["_id"] not in taken]
        if fresh:
            await self._outcomes.insert_many(fresh, session=session)
        return {document["_id"] for document in fresh}

    async def _queue_rewards(self, presentations: Mapping[str, bytes], session: AsyncClientSession) -> None:
        """What all outcomes of each presentation come to waits for delivery, unless it is what was learnt already."""
        keys = list(presentations)
        lessons: dict[str, list[Lesson]] = {key: [] for key in keys}
        async for each in self._outcomes.find({"reward_key": {"$in": keys}}, {"outcome": 0}, session=session):
            lessons[each["reward_key"]].append(Lesson(Effect(each["effect"]), each["outcome_time_ms"]))
        known = {
            each["_id"]: each["value"] async for each in self._rewards.find({"_id": {"$in": keys}}, session=session)
        }
        updates: list[UpdateOne] = []
        for key, presentation in presentations.items():
            learnt = reward_of(lessons[key])
            if learnt is not None and known.get(key) == learnt.value:
                updates.append(UpdateOne({"_id": key}, {"$inc": {"touched": 1}}))
            elif learnt is not None:
                state = {"value": learnt.value, "time_ms": learnt.time_ms, "presentation": presentation}
                change = {"$set": {**state, "is_pending": True}, "$inc": {"revision": 1}}
                updates.append(UpdateOne({"_id": key}, change, upsert=True))
        if updates:
            await self._rewards.bulk_write(updates, session=session)

    def _document(self, outcome: CapturedOutcome) -> Document:
        return {
            "_id": outcome.item.idempotency_key,
            "decision_id": outcome.decision_id,
            "reward_key": outcome.reward_key,
            "effect": int(outcome.effect),
            "outcome_time_ms": outcome.outcome_time_ms,
            "capture_time_ms": outcome.capture_time_ms,
            "position": outcome.position,
            "outcome": self._codec.encode(outcome),
        }

    def _pending(self, found: Document) -> PendingReward:
        presentation = self._codec.decode(Presentation, found["presentation"])
        # Large integers come back as a type of the driver's own.
        revision, time_ms = int(found["revision"]), int(found["time_ms"])
        return PendingReward(found["_id"], revision, found["value"], time_ms, presentation)


def _same(earlier: Receipt, capture: Capture) -> Receipt:
    if earlier.body_hash != capture.body_hash:
        raise request_id_reused(capture.request_id)
    return earlier


def _receipt_document(receipt: Receipt) -> Document:
    return {
        "_id": f"{receipt.rpc}/{receipt.request_id}",
        "body_hash": receipt.body_hash,
        "response": receipt.response,
    }
