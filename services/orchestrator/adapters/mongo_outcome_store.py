"""Outcomes and the rewards they come to, in MongoDB.

One capture is one transaction. Two that speak of the same presentation both write its reward document, so MongoDB runs
one of them again, after the other: the reward is always that of all outcomes. Delays of successes are counted after
it, so that captures of different presentations have nothing in common to wait for: a crash in between loses a count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.mongo_contact_history import note_sightings
from services.orchestrator.adapters.mongo_contact_outbox import CONTACT_OUTBOX, insert_reports
from services.orchestrator.adapters.mongo_receipts import earlier_receipt, find_receipt, insert_receipt
from services.orchestrator.adapters.mongo_resource_bank import SETTLEMENTS, insert_settlements
from services.orchestrator.app.outcome_store import (
    Capture,
    CapturedOutcome,
    PendingReward,
    Presentation,
    RewardLesson,
    Wait,
    said_by,
)
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.domain.outcome import Effect, Lesson, reward_of
from shared.mongo import Document, MongoDatabase, mongo_errors

_STORE = "orchestrator"


class MongoOutcomeStore:
    """Implements OutcomeStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._outcomes = database.collection("outcomes")
        self._rewards = database.collection("reward_outbox")
        self._reports = database.collection(CONTACT_OUTBOX)
        self._delays = database.collection("success_delays")
        self._settlements = database.collection(SETTLEMENTS)
        self._codec = BlobCodec()

    async def append(self, capture: Capture) -> Receipt:
        documents = [outcome_document(outcome, self._codec) for outcome in capture.outcomes]
        presentations = {key: self._codec.encode(each) for key, each in capture.presentations.items()}

        async def change(session: AsyncClientSession) -> tuple[Receipt, Sequence[str]]:
            own = capture.rpc, capture.request_id, capture.body_hash
            earlier = await earlier_receipt(self._database, *own, session)
            if earlier is not None:
                return earlier, ()
            new_keys = await self._insert(documents, session)
            successes = await self._queue_rewards(presentations, capture.waits, session)
            await note_sightings(self._database, capture.sightings, new_keys, self._codec, session)
            await insert_reports(self._reports, said_by(new_keys, capture.reports), session)
            await insert_settlements(self._settlements, said_by(new_keys, capture.settlements), session)
            receipt = Receipt(*own, capture.response_of(new_keys))
            await insert_receipt(self._database, receipt, session)
            return receipt, successes

        receipt, successes = await self._database.transaction(change)
        await self._count_delays([capture.waits[key] for key in successes if key in capture.waits])
        return receipt

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None:
        with mongo_errors(_STORE):
            return await find_receipt(self._database, rpc, request_id)

    async def list_by_decision(self, decision_id: str) -> tuple[CapturedOutcome, ...]:
        with mongo_errors(_STORE):
            cursor = self._outcomes.find({"decision_id": decision_id}, {"outcome": 1})
            found = await cursor.sort([("capture_time_ms", ASCENDING), ("position", ASCENDING)]).to_list()
        return tuple(self._codec.decode(CapturedOutcome, each["outcome"]) for each in found)

    async def list_by_key(self, prefix: str) -> tuple[CapturedOutcome, ...]:
        query = {"_id": {"$gte": prefix, "$lte": prefix + "\U0010ffff"}}
        with mongo_errors(_STORE):
            found = await self._outcomes.find(query, {"outcome": 1}).sort("_id", ASCENDING).to_list()
        return tuple(self._codec.decode(CapturedOutcome, each["outcome"]) for each in found)

    async def pending(self, limit: int, now_ms: int) -> tuple[PendingReward, ...]:
        order = [("due_ms", ASCENDING), ("time_ms", ASCENDING)]
        with mongo_errors(_STORE):
            found = await self._rewards.find(_due(now_ms)).sort(order).limit(limit).to_list()
        return tuple(self._pending(each) for each in found)

    async def count_pending(self, now_ms: int) -> int:
        with mongo_errors(_STORE):
            return await self._rewards.count_documents(_due(now_ms))

    async def success_delays(self, histogram: str) -> Mapping[int, int]:
        with mongo_errors(_STORE):
            found = await self._delays.find({"histogram": histogram}).to_list()
        return {int(each["bucket"]): int(each["count"]) for each in found}

    async def mark_delivered(self, rewards: Sequence[PendingReward]) -> None:
        delivered = {"$set": {"is_pending": False}, "$unset": {"presentation": ""}}
        updates: list[UpdateOne] = [
            UpdateOne({"_id": reward.reward_key, "revision": reward.revision}, delivered) for reward in rewards
        ]
        if updates:
            with mongo_errors(_STORE):
                await self._rewards.bulk_write(updates, ordered=False)

    async def _insert(self, documents: Sequence[Document], session: AsyncClientSession) -> set[str]:
        """The keys that were new. A key that another transaction takes meanwhile makes this one run again."""
        keys = [document["_id"] for document in documents]
        taken = {each["_id"] async for each in self._outcomes.find({"_id": {"$in": keys}}, {"_id": 1}, session=session)}
        fresh = [document for document in documents if document["_id"] not in taken]
        if fresh:
            await self._outcomes.insert_many(fresh, session=session)
        return {document["_id"] for document in fresh}

    async def _queue_rewards(
        self, presentations: Mapping[str, bytes], waits: Mapping[str, Wait], session: AsyncClientSession
    ) -> Sequence[str]:
        """What all lessons of each reward come to waits for delivery, unless it is what was learnt already. Answers the
        rewards that became successes."""
        keys = list(presentations)
        lessons = await self._lessons(keys, session)
        known = {
            each["_id"]: (each["value"], each.get("amount"))
            async for each in self._rewards.find({"_id": {"$in": keys}}, session=session)
        }
        updates: list[UpdateOne] = []
        successes = []
        for key, presentation in presentations.items():
            learnt = reward_of(lessons[key])
            value, amount = known.get(key, (None, None))
            if learnt is not None and (value, amount) == (learnt.value, learnt.amount):
                updates.append(UpdateOne({"_id": key}, {"$inc": {"touched": 1}}))
            elif learnt is not None:
                due_ms = waits[key].due_ms if key in waits and learnt.is_open else 0
                outcome: Document = {"value": learnt.value, "amount": learnt.amount, "time_ms": learnt.time_ms}
                state = {**outcome, "presentation": presentation}
                change = {"$set": {**state, "due_ms": due_ms, "is_pending": True}, "$inc": {"revision": 1}}
                updates.append(UpdateOne({"_id": key}, change, upsert=True))
                successes += [key] if learnt.value > 0 and value != learnt.value else []
        if updates:
            await self._rewards.bulk_write(updates, session=session)
        return successes

    async def _lessons(self, keys: Sequence[str], session: AsyncClientSession) -> Mapping[str, list[Lesson]]:
        """By reward key. Outcomes from before there were lessons taught one reward, that of their presentation."""
        found: dict[str, list[Lesson]] = {key: [] for key in keys}
        of_old = {"reward_key": {"$in": keys}, "lessons": {"$exists": False}}
        query = {"$or": [{"lessons.reward_key": {"$in": keys}}, of_old]}
        async for each in self._outcomes.find(query, {"outcome": 0}, session=session):
            for lesson in each.get("lessons", (each,)):
                if lesson["reward_key"] in found:
                    effect, amount = Effect(lesson["effect"]), lesson.get("amount")
                    found[lesson["reward_key"]].append(Lesson(effect, each["outcome_time_ms"], amount))
        return found

    async def _count_delays(self, waits: Sequence[Wait]) -> None:
        counts = Counter((each.histogram, each.bucket) for each in waits)
        updates: list[UpdateOne] = [
            UpdateOne(
                {"_id": f"{histogram}/{bucket}"},
                {"$inc": {"count": count}, "$setOnInsert": {"histogram": histogram, "bucket": bucket}},
                upsert=True,
            )
            for (histogram, bucket), count in counts.items()
        ]
        if updates:
            with mongo_errors(_STORE):
                await self._delays.bulk_write(updates, ordered=False)

    def _pending(self, found: Document) -> PendingReward:
        presentation = self._codec.decode(Presentation, found["presentation"])
        # Large integers come back as a type of the driver's own.
        revision, time_ms = int(found["revision"]), int(found["time_ms"])
        amount = found.get("amount")
        whole = None if amount is None else int(amount)
        return PendingReward(found["_id"], revision, found["value"], time_ms, presentation, whole)


def _lesson(lesson: RewardLesson) -> Document:
    stored: Document = {"reward_key": lesson.reward_key, "effect": int(lesson.effect)}
    return stored if lesson.amount is None else {**stored, "amount": lesson.amount}


def outcome_document(outcome: CapturedOutcome, codec: BlobCodec) -> Document:
    return {
        "_id": outcome.item.idempotency_key,
        "decision_id": outcome.decision_id,
        "reward_key": outcome.reward_key,
        "effect": int(outcome.effect),
        "outcome_time_ms": outcome.outcome_time_ms,
        "capture_time_ms": outcome.capture_time_ms,
        "position": outcome.position,
        "lessons": [_lesson(each) for each in outcome.lessons],
        "outcome": codec.encode(outcome),
    }


def _due(now_ms: int) -> Document:
    """Rewards from before there were due times have none, and are due."""
    return {"is_pending": True, "due_ms": {"$not": {"$gt": now_ms}}}
