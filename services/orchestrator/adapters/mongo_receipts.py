"""What requests were answered, in MongoDB."""

from __future__ import annotations

from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.app.policy_store import Receipt
from shared.clock import system_clock
from shared.errors import request_id_reused
from shared.mongo import MongoDatabase, mongo_errors

COLLECTION = "receipts"
_STORE = "orchestrator"


class MongoReceiptBox:
    """Implements ReceiptBox."""

    def __init__(self, database: MongoDatabase) -> None:
        self._receipts = database.collection(COLLECTION)

    async def prune(self, before_ms: int, limit: int) -> int:
        """Those from before receipts were dated are dated now."""
        with mongo_errors(_STORE):
            await self._receipts.update_many({"made_ms": None}, {"$set": {"made_ms": system_clock()}})
            old = self._receipts.find({"made_ms": {"$lt": before_ms}}, {"_id": 1}).sort("made_ms", 1).limit(limit)
            ids = [each["_id"] for each in await old.to_list()]
            if not ids:
                return 0
            return (await self._receipts.delete_many({"_id": {"$in": ids}})).deleted_count


async def find_receipt(
    database: MongoDatabase, rpc: str, request_id: str, session: AsyncClientSession | None = None
) -> Receipt | None:
    found = await database.collection(COLLECTION).find_one({"_id": f"{rpc}/{request_id}"}, session=session)
    return Receipt(rpc, request_id, found["body_hash"], found["response"]) if found is not None else None


async def earlier_receipt(
    database: MongoDatabase, rpc: str, request_id: str, body_hash: str, session: AsyncClientSession
) -> Receipt | None:
    """Raises AlreadyExists where the request had another body."""
    receipt = await find_receipt(database, rpc, request_id, session)
    if receipt is not None and receipt.body_hash != body_hash:
        raise request_id_reused(request_id)
    return receipt


async def insert_receipt(database: MongoDatabase, receipt: Receipt, session: AsyncClientSession) -> None:
    """Dated by the clock of the machine: nothing but its pruning goes by that."""
    document = {
        "_id": f"{receipt.rpc}/{receipt.request_id}",
        "body_hash": receipt.body_hash,
        "response": receipt.response,
        "made_ms": system_clock(),
    }
    await database.collection(COLLECTION).insert_one(document, session=session)
