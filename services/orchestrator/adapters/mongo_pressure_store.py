"""What pressure is learnt from, in MongoDB.

That a decision waits stands in its own document, which is written, erased and pruned as one. Sums are added where they
are, field by field: replicas that add to the same ones need not read them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.pressure.learning import due_ms
from services.orchestrator.app.pressure.store import Sums, TallyKey
from shared.mongo import Document, MongoDatabase, mongo_errors

DECISIONS, TALLIES = "decisions", "pressure_tallies"
DUE, LEARNING = "pressure_due_ms", "pressure_learning"
"""Of a decision; missing where nothing waits."""
_STORE = "orchestrator"


class MongoPressureStore:
    """Implements PressureStore."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._decisions = database.collection(DECISIONS)
        self._tallies = database.collection(TALLIES)

    async def due(self, now_ms: int, limit: int) -> tuple[str, ...]:
        query = {DUE: {"$exists": True, "$lte": now_ms}}
        order = [(DUE, ASCENDING), ("_id", ASCENDING)]
        with mongo_errors(_STORE):
            found = await self._decisions.find(query, {"_id": 1}).sort(order).limit(limit).to_list()
        return tuple(each["_id"] for each in found)

    async def fold(self, decision_ids: Sequence[str], sums: Mapping[TallyKey, Sums]) -> bool:
        waiting = {"_id": {"$in": list(decision_ids)}, DUE: {"$exists": True}}
        additions: list[UpdateOne] = [
            UpdateOne(
                {"_id": f"{key.learning}/{key.bucket}"},
                {
                    "$inc": {f"sums.{index}": each for index, each in enumerate(more)},
                    "$setOnInsert": {"learning": key.learning, "bucket": key.bucket, "width": len(more)},
                },
                upsert=True,
            )
            for key, more in sums.items()
        ]

        async def change(session: AsyncClientSession) -> bool:
            folded = await self._decisions.update_many(waiting, {"$unset": {DUE: "", LEARNING: ""}}, session=session)
            if folded.modified_count != len(decision_ids):
                await session.abort_transaction()
                return False
            if additions:
                await self._tallies.bulk_write(additions, session=session)
            return True

        return await self._database.transaction(change)

    async def tallies(self, learning: str) -> Mapping[int, Sums]:
        async with self._database.reading() as session:
            found = await self._tallies.find({"learning": learning}, session=session).to_list()
        return {int(each["bucket"]): _sums(each) for each in found}

    async def count_waiting(self, learning: str | None = None) -> int:
        named = {} if learning is None else {LEARNING: learning}
        with mongo_errors(_STORE):
            return await self._decisions.count_documents({DUE: {"$exists": True}, **named})


def waiting_fields(record: DecisionRecord) -> Document:
    """What a decision's document says of its waiting; empty where it teaches nothing."""
    due, learning = due_ms(record), record.pressure_learning
    return {} if due is None or learning is None else {DUE: due, LEARNING: learning.key}


def _sums(found: Document) -> Sums:
    return tuple(float(found["sums"][str(index)]) for index in range(found["width"]))
