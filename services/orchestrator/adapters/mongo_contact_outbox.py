"""The contact outbox in MongoDB. `queued` is an ObjectId of this process: it grows with time, nearly."""

from __future__ import annotations

from collections.abc import Sequence

from bson import ObjectId
from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from services.orchestrator.app.contact_outbox import ContactReport
from shared.mongo import Document, MongoDatabase, mongo_errors

CONTACT_OUTBOX = "contact_outbox"
_STORE = "orchestrator"


class MongoContactOutbox:
    """Implements ContactOutbox."""

    def __init__(self, database: MongoDatabase) -> None:
        self._reports = database.collection(CONTACT_OUTBOX)

    async def queue(self, reports: Sequence[ContactReport]) -> None:
        with mongo_errors(_STORE):
            await insert_reports(self._reports, reports, None)

    async def waiting(self, limit: int) -> tuple[ContactReport, ...]:
        with mongo_errors(_STORE):
            found = await self._reports.find().sort("queued", ASCENDING).limit(limit).to_list()
        return tuple(
            # Large integers come back as a type of the driver's own.
            ContactReport(
                each["reservation_id"],
                int(each["step"]),
                each["time_ms"] and int(each["time_ms"]),
                int(each.get("answer", 0)),
            )
            for each in found
        )

    async def count_waiting(self) -> int:
        with mongo_errors(_STORE):
            return await self._reports.count_documents({})

    async def done(self, reports: Sequence[ContactReport]) -> None:
        with mongo_errors(_STORE):
            await self._reports.delete_many({"_id": {"$in": [report.key for report in reports]}})


async def insert_reports(
    collection: AsyncCollection[Document], reports: Sequence[ContactReport], session: AsyncClientSession | None
) -> None:
    """Within the session's transaction, if there is one."""
    updates: list[UpdateOne] = [
        UpdateOne(
            {"_id": each.key},
            {
                "$setOnInsert": {
                    "reservation_id": each.reservation_id,
                    "step": each.step,
                    "time_ms": each.time_ms,
                    "answer": each.answer,
                    "queued": ObjectId(),
                }
            },
            upsert=True,
        )
        for each in reports
    ]
    if updates:
        await collection.bulk_write(updates, session=session)
