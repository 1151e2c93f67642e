"""What requests were answered, in MongoDB."""

from __future__ import annotations

from pymongo.asynchronous.client_session import AsyncClientSession

from services.orchestrator.app.policy_store import Receipt
from shared.errors import request_id_reused
from shared.mongo import MongoDatabase

COLLECTION = "receipts"


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
    document = {
        "_id": f"{receipt.rpc}/{receipt.request_id}",
        "body_hash": receipt.body_hash,
        "response": receipt.response,
    }
    await database.collection(COLLECTION).insert_one(document, session=session)
