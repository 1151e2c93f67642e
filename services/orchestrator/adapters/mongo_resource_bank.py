"""Accounts of resources in MongoDB: one document each, swapped by its revision.

A swap is one operation on one document, so replicas that change an account at once need no transaction: one of them is
told to begin again. Only settling one, which two documents tell of, takes a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.app.volume.bank import Settlement
from services.orchestrator.domain.volume.account import Account, AccountKey
from shared.mongo import Document, MongoDatabase, mongo_errors

ACCOUNTS, SETTLEMENTS = "resource_accounts", "volume_settlements"
_STORE = "orchestrator"


class MongoResourceBank:
    """Implements ResourceBank."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._accounts = database.collection(ACCOUNTS)
        self._settlements = database.collection(SETTLEMENTS)
        self._codec = BlobCodec()

    async def read(self, keys: Sequence[AccountKey]) -> Mapping[AccountKey, Account]:
        async with self._database.reading() as session:
            found = await self._accounts.find({"_id": {"$in": [_id(key) for key in keys]}}, session=session).to_list()
        accounts = (self._codec.decode(Account, each["account"]) for each in found)
        return {account.key: account for account in accounts}

    async def latest(self, resource_id: str) -> Account | None:
        newest = [("period_ms", DESCENDING)]
        async with self._database.reading() as session:
            found = await self._accounts.find_one({"resource_id": resource_id}, sort=newest, session=session)
        return self._codec.decode(Account, found["account"]) if found is not None else None

    async def put(self, account: Account, settled: Sequence[Settlement] = ()) -> bool:
        document = self._document(account)
        if not settled:
            async with self._database.reading() as session:
                return await self._swap(account, document, session)

        async def change(session: AsyncClientSession) -> bool:
            said = ((word, [each.key for each in settled if each.is_realised is word]) for word in (True, False))
            as_told = [{"_id": {"$in": keys}, "is_realised": word} for word, keys in said]
            waiting = {"$or": as_told, "is_waiting": True}
            marked = await self._settlements.update_many(waiting, {"$set": {"is_waiting": False}}, session=session)
            if marked.modified_count != len(settled) or not await self._swap(account, document, session):
                await session.abort_transaction()
                return False
            return True

        return await self._database.transaction(change)

    async def waiting(self, limit: int) -> tuple[Settlement, ...]:
        with mongo_errors(_STORE):
            found = await self._settlements.find({"is_waiting": True}).sort("queued", ASCENDING).limit(limit).to_list()
        return tuple(
            Settlement(
                each["proposition_id"],
                each["resource_id"],
                int(each["period_ms"]),
                int(each["used"]),
                is_realised=each["is_realised"],
                takes_back=each.get("takes_back", False),
            )
            for each in found
        )

    async def count_waiting(self) -> int:
        with mongo_errors(_STORE):
            return await self._settlements.count_documents({"is_waiting": True})

    async def _swap(self, account: Account, document: Document, session: AsyncClientSession) -> bool:
        if account.revision:
            query = {"_id": document["_id"], "revision": account.revision}
            return (await self._accounts.replace_one(query, document, session=session)).matched_count == 1
        try:
            await self._accounts.insert_one(document, session=session)
        except DuplicateKeyError:
            return False
        return True

    def _document(self, account: Account) -> Document:
        revision = account.revision + 1
        return {
            "_id": _id(account.key),
            "resource_id": account.key.resource_id,
            "period_ms": account.key.period_ms,
            "revision": revision,
            "account": self._codec.encode(replace(account, revision=revision)),
        }


def _id(key: AccountKey) -> str:
    return f"{key.resource_id}/{key.period_ms}"


async def insert_settlements(
    collection: AsyncCollection[Document], settlements: Sequence[Settlement], session: AsyncClientSession
) -> None:
    """Within the session's transaction. What was given back is realised once more; any other first word stays."""
    updates: list[UpdateOne] = []
    for each in settlements:
        row = {
            "proposition_id": each.proposition_id,
            "resource_id": each.resource_id,
            "period_ms": each.period_ms,
            "used": each.used,
            "is_realised": each.is_realised,
            "is_waiting": True,
            "queued": ObjectId(),
        }
        updates.append(UpdateOne({"_id": each.key}, {"$setOnInsert": row}, upsert=True))
        if each.is_realised:
            after_all = {"is_realised": True, "is_waiting": True, "takes_back": {"$not": "$is_waiting"}}
            again = [{"$set": {**after_all, "queued": ObjectId()}}]
            updates.append(UpdateOne({"_id": each.key, "is_realised": False}, again))
    if updates:
        await collection.bulk_write(updates, session=session)
